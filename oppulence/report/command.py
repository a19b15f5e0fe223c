"""What does `oppulence report` do? Ask the warehouse about a month, and write the page."""

import os
import sys
from datetime import date
from pathlib import Path

from core.clock import utc_now
from core.database import Database
from core.errors import InvalidInputError, NotFoundError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from oppulence.output import print_json, print_line
from oppulence.report.findings import Findings, find
from oppulence.report.months import Month
from oppulence.report.page import render
from oppulence.report.pdf import NoPdfError, print_page
from oppulence.session import command_session
from reconciliation.tables import prepare_tables

_NAME = """
select coalesce(nullif(nullif(w.name, w.id), ''), (
    select c.name from connections c where c.workspace_id = w.id and c.status <> 'revoked'
    order by c.created_at, c.id limit 1), w.id) as name
from workspaces w where w.id = %s
"""


def write_report(
    workspace: str, month: str | None, output: str | None, *, pdf: bool, as_json: bool
) -> None:
    """Write a month's page, and a PDF beside it where that is asked for.

    Raises:
        InvalidInputError: The month is none or has not begun, the workspace's id is none, or the
            page cannot be written there.
        NotFoundError: There is no such workspace, or no data at all.
        NoPdfError: The page is written, the PDF is not.
    """
    tenant, now = TenantId(workspace), utc_now()
    chosen = month_of(month, now.date())
    page = page_at(output or f"report-{workspace}-{chosen.starts_on:%Y-%m}.html")
    with command_session("report", needed=["clickhouse", "postgres"], is_reading=True) as settings:
        company = name_of(settings, tenant)
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            # Where nothing has been reconciled yet, nothing is: the tables stand empty.
            prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
            findings = find(warehouse, tenant, chosen, now)
        finally:
            warehouse.close()
    written = write_files(findings, company, page, pdf=pdf)
    if as_json:
        print_json({"month": f"{chosen.starts_on:%Y-%m}", "files": [str(one) for one in written]})
    else:
        print_line(f"{company}, {chosen}: " + ", ".join(str(one) for one in written))


def write_files(findings: Findings, company: str, page: Path, *, pdf: bool) -> list[Path]:
    """Write the page, and the PDF beside it; return what was written.

    Raises:
        NoPdfError: The page is written, the PDF is not.
    """
    page.write_text(render(findings, company), encoding="utf-8")
    if not pdf:
        return [page]
    target = page.with_suffix(".pdf")
    try:
        print_page(render(findings, company, is_printed=True), target)
    except NoPdfError:
        sys.stderr.write(f"Written: {page}\n")
        raise
    return [page, target]


def month_of(text: str | None, today: date) -> Month:
    """Return the month that is meant: the last that is over, where none is named.

    Raises:
        InvalidInputError: It is none, or nothing has happened in it yet.
    """
    over = Month.before(today)
    chosen = Month.parse(text) if text else over
    if chosen.starts_on > today:
        raise InvalidInputError(
            f"{chosen} has not begun.",
            next_step=f"The last month that is over is {over.starts_on:%Y-%m}.",
        )
    return chosen


def page_at(text: str) -> Path:
    """Return where the page goes, known to be writable before any work is done.

    Raises:
        InvalidInputError: It is a folder, or in none, or has a PDF's name.
    """
    page = Path(text)
    if page.suffix.lower() == ".pdf":
        raise InvalidInputError(
            f"{page} is the name of a PDF, and the page is HTML.",
            next_step=f"Write --output {page.with_suffix('.html')}; --pdf puts the PDF beside it.",
        )
    if page.is_dir():
        raise InvalidInputError(
            f"{page} is a folder.", next_step=f"Name a file, as {page / 'report.html'}."
        )
    if not page.parent.is_dir():
        raise InvalidInputError(
            f"There is no folder {page.parent}.", next_step="Make it, or name another."
        )
    if not os.access(page if page.exists() else page.parent, os.W_OK):
        raise InvalidInputError(f"{page} may not be written.", next_step="Name another file.")
    return page


def name_of(settings: Settings, tenant: TenantId) -> str:
    """Return what the workspace is called; without a name of its own, what its first account is.

    Raises:
        NotFoundError: There is none.
    """
    database = Database.connect(settings, size=1)
    try:
        with database.tenant(tenant) as rows:
            found = rows.execute(_NAME, [str(tenant)]).fetchone()
    finally:
        database.close()
    if found is None:
        raise NotFoundError(
            f"There is no workspace {tenant}.", next_step="`oppulence status` shows which are."
        )
    return str(found["name"])
