"""What does `oppulence report` do? Ask the warehouse about a month, and write the page."""

import sys
from pathlib import Path

from core.clock import utc_now
from core.database import Database
from core.errors import NotFoundError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from oppulence.output import print_json, print_line
from oppulence.report.findings import find
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
        InvalidInputError: The month is none, or the workspace's id is none.
        NotFoundError: There is no such workspace.
        NoPdfError: The page is written, the PDF is not.
    """
    tenant, now = TenantId(workspace), utc_now()
    chosen = Month.parse(month) if month else Month.before(now.date())
    page = Path(output or f"report-{workspace}-{chosen.starts_on:%Y-%m}.html")
    with command_session("report", needed=["clickhouse", "postgres"]) as settings:
        company = name_of(settings, tenant)
        warehouse = Warehouse.connect(settings, pool_size=1)
        try:
            # Where nothing has been reconciled yet, nothing is: the tables stand empty.
            prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
            findings = find(warehouse, tenant, chosen, now)
        finally:
            warehouse.close()
    page.write_text(render(findings, company))
    written = [page]
    if pdf:
        target = page.with_suffix(".pdf")
        try:
            print_page(render(findings, company, is_printed=True), target)
        except NoPdfError:
            sys.stderr.write(f"Written: {page}\n")
            raise
        written.append(target)
    if as_json:
        print_json({"month": f"{chosen.starts_on:%Y-%m}", "files": [str(one) for one in written]})
    else:
        print_line(f"{company}, {chosen}: " + ", ".join(str(one) for one in written))


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
