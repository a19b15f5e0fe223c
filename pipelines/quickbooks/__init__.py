"""QuickBooks Online: every list of a company, then what changed, removals included.

    SELECT … STARTPOSITION n MAXRESULTS n ─ verbatim objects ─► raw.quickbooks_<object> (backfill)
    /cdc?entities=…&changedSince=…           ─ objects, tombstones ─► the same tables (incremental)
    what is left, and since when ─► dlt state, per company, committed with the rows

A row's version is the time of the answer that it came in, not MetaData.LastUpdatedTime: QuickBooks
changes balances and links of an object without touching that time, so that two states would tie.
Changes are kept for 30 days and come at most 1,000 at a time, shared by all entities and without
pages: more are asked for by fewer entities, and the rest of one entity by a query (`plan.py`).

Notably absent, deliberately: typed columns (dbt's), reports, attachments, writing to QuickBooks.

Run alone: `oppulence backfill --provider quickbooks`.
"""

from collections.abc import Sequence

from core.connections import Connection
from core.settings import Settings
from pipelines.quickbooks.objects import ENTITIES, GROUPS
from pipelines.quickbooks.reader import read
from pipelines.raw import RawTable
from pipelines.reading import ProviderRun, wanted
from pipelines.window import Window

__all__ = ["GROUPS", "NAME", "raw_tables", "start"]

NAME = "quickbooks"


def raw_tables() -> list[RawTable]:
    """Return the raw table of every object."""
    return [RawTable(NAME, entity.object) for entity in ENTITIES]


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
        InvalidInputError: `objects` names something that QuickBooks does not have.
    """
    return ProviderRun(
        NAME, read, settings, connections,
        names=wanted(GROUPS, objects), window=window, chunk_rows=chunk_rows,
    )  # fmt: skip
