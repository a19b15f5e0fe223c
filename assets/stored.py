"""What does the warehouse hold of what landed? Sizes and a preview, for asset metadata.

The preview shows identity, version and size of a few rows, never the payload: payloads hold
personal data, and Dagster keeps metadata in its own database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assets.landings import Landing
from core.warehouse import Warehouse
from pipelines.raw import RawTable

PREVIEW_ROWS = 5

_SIZES = """
select table, sum(rows) as stored_rows, sum(bytes_on_disk) as stored_bytes
from system.parts
where active and database = 'raw' and table in {tables:Array(String)}
group by table
"""
# The table's own order, backwards: reads a few rows, however many there are.
_PREVIEW = """
select '{table}' as table, id, fromUnixTimestamp64Micro(version) as version_at, is_deleted, origin,
    length(payload) as payload_bytes
from raw.{table}
where workspace_id = {{workspace:String}} and connection_id = {{connection:String}}
order by id desc limit {limit}
"""


@dataclass(frozen=True, slots=True)
class TableSize:
    """What one raw table holds of all connections, on disk."""

    rows: int = 0
    bytes: int = 0


def table_sizes(warehouse: Warehouse, tables: Sequence[RawTable]) -> dict[str, TableSize]:
    """Return rows and bytes on disk per table name, in one query."""
    found = warehouse.rows(_SIZES, {"tables": [table.table for table in tables]})
    return {
        row["table"]: TableSize(int(row["stored_rows"]), int(row["stored_bytes"])) for row in found
    }


def previews(
    warehouse: Warehouse, provider: str, landed: Sequence[Landing]
) -> dict[tuple[str, str], str]:
    """Return a Markdown preview per (object, connection key), of the first connection that landed.

    One connection's rows tell what the others' look like; a run over hundreds stays one query.
    """
    if not landed:
        return {}
    first = landed[0].connection
    shown = {
        RawTable(provider, landing.object).table: landing.object
        for landing in landed
        if landing.connection.key == first.key and landing.rows
    }
    if not shown:
        return {}
    selects = [
        f"select * from ({_PREVIEW.format(table=table, limit=PREVIEW_ROWS)})" for table in shown
    ]
    found = warehouse.rows(
        " union all ".join(selects), {"workspace": str(first.tenant), "connection": first.id}
    )
    return {
        (name, first.key): _markdown([row for row in found if row["table"] == table])
        for table, name in shown.items()
    }


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| id | version | deleted | origin | payload bytes |",
        "| --- | --- | --- | --- | --: |",
    ]
    lines += [
        f"| {row['id']} | {row['version_at']:%Y-%m-%d %H:%M:%S} | {row['is_deleted']} |"
        f" {row['origin']} | {row['payload_bytes']:,} |"
        for row in rows
    ]
    return "\n".join(lines)
