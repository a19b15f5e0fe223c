"""How are the events of many partitions kept? In batches, an asset's in one statement.

A backfill of 200 connections plans and materialises thousands of partitions. dagster-postgres
writes each in two transactions, and asks the catalogue over a connection of its own whether a table
of its own exists: 1,219 events took 67 of a run's 137 s on a busy machine. Here a batch is one
statement, planned materialisations included, and tables that are there stay there.
"""

from collections.abc import Sequence

from dagster import DagsterEventType, EventLogEntry
from dagster._core.instance.methods.event_methods import EventMethods
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster_postgres.event_log import PostgresEventLogStorage
from sqlalchemy.engine import Connection

BATCH = 500
_OF_ASSETS = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_MATERIALIZATION,
}
# One statement however many rows: `values([…])` is compiled anew for each batch, a name per value.
_INSERT = SqlEventLogStorageTable.insert().returning(
    SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
)


def batch_events() -> None:
    """Let every Dagster instance of this process write events in batches.

    Dagster takes the size from a variable of the environment alone, which nothing of ours writes.
    """
    EventMethods._get_event_batch_size = _size  # type: ignore[method-assign]


def _size(self: EventMethods) -> int:
    return BATCH


class EventLog(PostgresEventLogStorage):
    """dagster-postgres' event log, for many partitions."""

    def __init__(self, postgres_url: str) -> None:
        self._known_tables: set[str] = set()
        self._known_columns: set[str] = set()
        super().__init__(postgres_url)

    def has_table(self, table_name: str) -> bool:
        """Say whether a table exists; one that does is not dropped while we run."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        """Say whether the table of assets has a column; each check's evaluation asks twice."""
        if column_name not in self._known_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._known_columns.add(column_name)
        return column_name in self._known_columns

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store a batch; planned materialisations in one statement as well."""
        kinds = {one.get_dagster_event().event_type for one in events}
        if not kinds <= _OF_ASSETS:
            super().store_event_batch(events)
            return
        with self._connect() as connection:
            stored = connection.execute(_INSERT, [self._event_to_row(one) for one in events])
            known = [int(row[0]) for row in stored]
        last = {one.get_dagster_event().asset_key: place for place, one in enumerate(events)}
        with self.index_transaction() as connection:
            self._store_asset_event_tags(connection, events, known)
            for place in last.values():  # an asset's row tells of its newest event
                self._store_asset_event(connection, events[place], known[place])
