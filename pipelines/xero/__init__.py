"""Xero: every list of an organisation, then what was modified, page by page.

    /api.xro/2.0/<list>?page=n&order=<id>  ─ verbatim objects ─► raw.xero_<object>     (backfill)
    the same with If-Modified-Since        ─ what changed ─► the same tables        (incremental)
    /Journals?offset=<last number>         ─ what was booked since ─► raw.xero_journal
    what is left, and since when ─► dlt state, per organisation, committed with the rows

A row's version is the time of the answer that it came in, not UpdatedDateUTC: Xero changes balances
and links of an object without touching it, so that two states would tie. Voiding and deleting
are states of an object, which lists show, and so are archived contacts and accounts.

Journals, Xero's own ledger, are offered to some plans only: where they are not, they are skipped
and said so. Notably absent, deliberately: typed columns (dbt's), attachments, payroll, writing to
Xero, and every use for machine learning, which Xero's terms forbid (`ml.lineage`).

Run alone: `oppulence backfill --provider xero`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, Visit, wanted
from pipelines.window import Window
from pipelines.xero.limits import APPLICATION_PER_MINUTE, Budget
from pipelines.xero.objects import GROUPS, LISTINGS
from pipelines.xero.reader import read

__all__ = ["GROUPS", "NAME", "raw_tables", "start"]

NAME = "xero"


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object."""
    return [RawTable(NAME, listing.object) for listing in LISTINGS]


def start(
    settings: Settings,
    connections: Sequence[Connection],
    *,
    window: Window | None,
    objects: Sequence[str] | None,
    chunk_rows: int,
) -> ProviderRun:
    """Begin a run: a backfill of `window`, or without one what changed since the last run.

    Raises:
        InvalidInputError: `objects` names something that Xero does not have.
    """
    application = Budget(APPLICATION_PER_MINUTE)

    async def visit_one(visit: Visit) -> bool:
        return await read(visit, application)

    return ProviderRun(
        NAME, visit_one, settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
