"""Which entries has a store not applied yet? A fair share of every workspace's, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from core.database import Rows

Store = Literal["postgres", "clickhouse"]

MOST_ENTRIES = 2_000
MOST_WORKSPACES = 200
MOST_BYTES = 16_000_000

# A workspace's first entry gets it a row here; from then on its row is what readers lock.
_BEGIN = """
insert into inbox_progress (workspace_id, store, position, applied_at)
select h.workspace_id, %(store)s, 0, %(now)s
from inbox_heads h
where not exists (select 1 from inbox_progress p
    where p.workspace_id = h.workspace_id and p.store = %(store)s)
on conflict do nothing
"""
# Who has waited longest comes first. Rows that another worker holds are its own to move.
_BEHIND = """
select p.workspace_id, p.position
from inbox_progress p
join inbox_heads h on h.workspace_id = p.workspace_id
where p.store = %(store)s and h.position > p.position
order by p.applied_at, p.workspace_id
limit %(most)s
for update of p skip locked
"""
_COLUMNS = (
    "workspace_id, position, provider, connection_id, kind, event_id, origin, object, object_id,"
    " version, is_deleted, payload, received_at"
)
_NEXT = f"""
select {_COLUMNS}
from unnest(%(workspaces)s::text[], %(positions)s::bigint[]) as c (workspace, after)
cross join lateral (
    select *, sum(octet_length(payload)) over (order by position) - octet_length(payload) as before
    from (
        select * from inbox i
        where i.workspace_id = c.workspace and i.position > c.after
        order by i.position limit %(share)s
    ) as next
) as e
where e.before < %(bytes)s
order by position
"""
_ONE = f"select {_COLUMNS} from inbox where workspace_id = %s and position = %s"
_MOVE = """
update inbox_progress p set position = m.position, applied_at = %(now)s
from unnest(%(workspaces)s::text[], %(positions)s::bigint[]) as m (workspace, position)
where p.workspace_id = m.workspace and p.store = %(store)s
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the inbox; see `core.inbox.Arrival`."""

    workspace_id: str
    position: int
    provider: str
    connection_id: str
    kind: str
    event_id: str
    origin: str
    object: str
    object_id: str
    version: int
    is_deleted: bool
    received_at: datetime
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """What a reader took: entries in their order, and where each workspace is afterwards."""

    entries: Sequence[Entry]
    positions: Mapping[str, int]


def take(rows: Rows, store: Store, now: datetime) -> Share:
    """Take the next entries of the workspaces that wait, held until the transaction ends."""
    rows.execute(_BEGIN, {"store": store, "now": now})
    behind = rows.execute(_BEHIND, {"store": store, "most": MOST_WORKSPACES}).fetchall()
    if not behind:
        return Share((), {})
    values = {
        "workspaces": [row["workspace_id"] for row in behind],
        "positions": [row["position"] for row in behind],
        "share": max(20, MOST_ENTRIES // len(behind)),
        "bytes": max(500_000, MOST_BYTES // len(behind)),
    }
    found = rows.execute(_NEXT, values, binary=True).fetchall()
    entries = [entry_of(row) for row in found]
    return Share(entries, {entry.workspace_id: entry.position for entry in entries})


def one(rows: Rows, workspace_id: str, position: int) -> Entry | None:
    """Return one entry, if it is kept still."""
    row = rows.execute(_ONE, [workspace_id, position], binary=True).fetchone()
    return None if row is None else entry_of(row)


def move(rows: Rows, store: Store, positions: Mapping[str, int], now: datetime) -> None:
    """Write down how far the store is, in the transaction that took the entries."""
    values = {
        "store": store, "now": now, "workspaces": list(positions),
        "positions": list(positions.values()),
    }  # fmt: skip
    rows.execute(_MOVE, values)


def entry_of(row: Mapping[str, Any]) -> Entry:
    """Return the entry of a row."""
    return Entry(**{**row, "payload": bytes(row["payload"])})
