"""What is a raw row? The one shape in which every provider's objects land, and its tables.

Rows are only appended: a table keeps, per object, the row of the newest `version`, in whatever
order and however often rows arrive. Beside them stand facts of our own, which replace each other in
the same way: `raw.completeness` holds the audits' verdicts, `raw.cursor` the positions of the
worker's tails, `raw.connection` the states of connections.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.warehouse import Warehouse

DATABASE = "raw"

COLUMNS = (
    "workspace_id", "connection_id", "id", "version", "is_deleted", "origin", "extracted_at",
    "payload",
)  # fmt: skip

_OBJECT_TABLE = """
create table if not exists {name}{cluster} (
    workspace_id String,
    connection_id String,
    id String,
    version UInt64 codec(Delta, ZSTD(1)),
    is_deleted UInt8,
    origin LowCardinality(String),
    extracted_at DateTime64(3, 'UTC'),
    payload String codec(ZSTD(3))
)
engine = {engine}(version, is_deleted)
order by (workspace_id, connection_id, id)
"""

_CONTROL_TABLES = {
    "completeness": """
create table if not exists {name}{cluster} (
    workspace_id String,
    connection_id String,
    object LowCardinality(String),
    created_on Date,
    provider_count UInt64,
    provider_hash UInt64,
    warehouse_count UInt64,
    warehouse_hash UInt64,
    is_complete Bool,
    audited_at DateTime64(3, 'UTC')
)
engine = {engine}(audited_at)
order by (workspace_id, connection_id, object, created_on)
""",
    "cursor": """
create table if not exists {name}{cluster} (
    workspace_id String,
    connection_id String,
    name LowCardinality(String),
    position Int64,
    moved_at DateTime64(6, 'UTC')
)
engine = {engine}(moved_at)
order by (workspace_id, connection_id, name)
""",
    "connection": """
create table if not exists {name}{cluster} (
    workspace_id String,
    connection_id String,
    provider LowCardinality(String),
    name String,
    provider_account_id String,
    status LowCardinality(String),
    status_reason String,
    connected_at DateTime64(3, 'UTC'),
    last_synced_at Nullable(DateTime64(3, 'UTC')),
    consent_expires_at Nullable(DateTime64(3, 'UTC')),
    is_deleted UInt8,
    mirrored_at DateTime64(3, 'UTC'),
    version UInt64
)
engine = {engine}(version, is_deleted)
order by (workspace_id, connection_id)
""",
}


@dataclass(frozen=True, slots=True)
class RawTable:
    """The raw table of one provider object: `raw.stripe_checkout_session`."""

    provider: str
    object: str

    @property
    def table(self) -> str:
        """The table's name inside its database."""
        return f"{self.provider}_{self.object.replace('.', '_')}"

    @property
    def name(self) -> str:
        """The table's full name."""
        return f"{DATABASE}.{self.table}"


def ensure_raw_tables(
    warehouse: Warehouse, tables: Iterable[RawTable], *, cluster: str = ""
) -> None:
    """Create the database and what is missing of `tables`; changes nothing that exists.

    With `cluster`, tables are created on all its nodes, replicated.
    """
    suffix = f" on cluster '{cluster}'" if cluster else ""
    engine = "ReplicatedReplacingMergeTree" if cluster else "ReplacingMergeTree"
    warehouse.command(f"create database if not exists {DATABASE}{suffix}")
    known = {
        row["name"]
        for row in warehouse.rows(
            "select name from system.tables where database = {database:String}",
            {"database": DATABASE},
        )
    }
    for name, statement in _CONTROL_TABLES.items():
        if name not in known:
            warehouse.command(
                statement.format(name=f"{DATABASE}.{name}", cluster=suffix, engine=engine)
            )
    for table in dict.fromkeys(tables):
        if table.table not in known:
            warehouse.command(_OBJECT_TABLE.format(name=table.name, cluster=suffix, engine=engine))
