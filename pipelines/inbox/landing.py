"""How do entries reach ClickHouse? A batch per raw table: events, and the objects they tell.

The position moves after the rows are in; a kill between the two lands them again, which changes
nothing. A row that ClickHouse refuses is found by halving its batch and becomes a task.

Tables are written side by side: an insert costs what planning the views behind its table costs,
0.1 s of one core for charges however few they are, and a reader waits for the longest.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from core.database import Rows
from core.errors import EngineUnavailableError, OppulenceError
from core.warehouse import Warehouse, WarehouseQueryError
from pipelines.inbox import tasks
from pipelines.inbox.entries import Entry
from pipelines.inbox.meanings import Meaning, meaning_of
from pipelines.raw import RawTable

if TYPE_CHECKING:
    import pyarrow as pa

# When more rows than this are refused one by one, it is not the rows.
MOST_REFUSED = 20
SIDE_BY_SIDE = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One row for a raw table, and the entry it comes from."""

    entry: Entry = field(repr=False)
    id: str
    version: int
    is_deleted: bool
    payload: bytes = field(repr=False)


def apply_entries(
    rows: Rows, warehouse: Warehouse, entries: Sequence[Entry], now: datetime
) -> None:
    """Land entries; those that are refused become tasks.

    Raises:
        EngineUnavailableError: ClickHouse does not answer, or takes nothing.
    """
    meanings: list[Meaning] = []
    for entry in entries:
        # What cannot be read has become a task when it was applied to Postgres: one is enough.
        with suppress(OppulenceError):
            meanings.append(meaning_of(entry))
    refused: list[tuple[Row, str]] = []
    if tables := tables_of(meanings):
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(tables)), "landing") as threads:
            landing = [
                threads.submit(_land, warehouse, table, found, now, refused)
                for table, found in tables.items()
            ]
        for one in landing:
            one.result()
    for row, reason in refused:
        tasks.fail(rows, "clickhouse", row.entry, WarehouseQueryError.code, reason, now)


def apply_again(warehouse: Warehouse, entry: Entry, now: datetime) -> None:
    """Land one entry that was refused before.

    Raises:
        OppulenceError: It is refused again, or ClickHouse does not answer.
    """
    for table, found in tables_of([meaning_of(entry)]).items():
        warehouse.insert_arrow(table, _batch(found, now))


def tables_of(meanings: Iterable[Meaning]) -> dict[str, list[Row]]:
    """Return the rows by raw table; of an object, the newest state among these entries."""
    newest: dict[tuple[str, str, str, str], tuple[str, Row]] = {}
    events: dict[str, list[Row]] = {}
    for meaning in meanings:
        entry, state = meaning.entry, meaning.state
        if state is not None:
            table = RawTable(entry.provider, state.object).name
            row = Row(entry, state.id, state.version, state.is_deleted, state.payload)
            held = newest.get(state.key)
            if held is None or row.version >= held[1].version:
                newest[state.key] = (table, row)
        if meaning.event is not None:
            event_id, version = meaning.event
            row = Row(entry, event_id, version, is_deleted=False, payload=entry.payload)
            events.setdefault(RawTable(entry.provider, "event").name, []).append(row)
    tables: dict[str, list[Row]] = {}
    for table, row in newest.values():
        tables.setdefault(table, []).append(row)
    return tables | events


def _land(
    warehouse: Warehouse,
    table: str,
    found: Sequence[Row],
    now: datetime,
    refused: list[tuple[Row, str]],
) -> None:
    try:
        warehouse.insert_arrow(table, _batch(found, now))
    except WarehouseQueryError as error:
        if len(found) == 1:
            refused.append((found[0], error.detail))
            if len(refused) > MOST_REFUSED:
                raise EngineUnavailableError(f"ClickHouse refuses: {error.detail}") from error
            return
        middle = len(found) // 2
        _land(warehouse, table, found[:middle], now, refused)
        _land(warehouse, table, found[middle:], now, refused)


def _batch(found: Sequence[Row], now: datetime) -> "pa.Table":
    from pipelines.arrow import raw_rows  # 40 MB that a worker without rows does not need

    return raw_rows(
        [row.payload for row in found],
        workspace_id=[row.entry.workspace_id for row in found],
        connection_id=[row.entry.connection_id for row in found],
        id=[row.id for row in found],
        version=[row.version for row in found],
        is_deleted=[int(row.is_deleted) for row in found],
        origin=[row.entry.origin for row in found],
        extracted_at=[now] * len(found),
    )
