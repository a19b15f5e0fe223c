"""How do analysts learn how connections are? Their states, from Postgres into `raw.connection`.

Postgres decides (`core.connections`); this copies what a person may see of it, credentials never,
after every run that asked a provider and every quarter of an hour. Only what differs is written.
A connection whose rows shall be erased leaves with them.
"""

from datetime import datetime
from typing import Any

from core.database import Database
from core.warehouse import Warehouse

TABLE = "raw.connection"
_SEEN = (
    "workspace_id", "connection_id", "provider", "name", "provider_account_id", "status",
    "status_reason", "connected_at", "last_synced_at", "consent_expires_at",
)  # fmt: skip
_KNOWN = """
select workspace_id, id as connection_id, provider, name, provider_account_id, status,
    status_reason, date_trunc('milliseconds', created_at) as connected_at,
    date_trunc('milliseconds', last_synced_at) as last_synced_at,
    date_trunc('milliseconds', consent_expires_at) as consent_expires_at
from connections where erase_requested_at is null
"""
# Of two that read at once, the one that began later knows more.
_READ_AT = "select (extract(epoch from now()) * 1000000)::bigint as version"


def mirror_states(database: Database, warehouse: Warehouse, now: datetime) -> int:
    """Bring every workspace's connections to ClickHouse; return how many rows were written.

    Raises:
        EngineUnavailableError: Postgres or ClickHouse does not answer; a later call makes up for
            it.
    """
    with database.system() as rows:
        moment = rows.execute(_READ_AT).fetchone()
        assert moment is not None
        known = [tuple(row[name] for name in _SEEN) for row in rows.execute(_KNOWN)]
    stored = {
        (row["workspace_id"], row["connection_id"]): tuple(row[name] for name in _SEEN)
        for row in warehouse.rows(f"select * from {TABLE} final")
    }
    gone = dict(stored)
    written: list[tuple[Any, ...]] = []
    for values in known:
        if gone.pop(values[:2], None) != values:
            written.append((*values, 0))
    written += [(*values, 1) for values in gone.values()]
    if written:
        stamps = (now, moment["version"])
        columns = (*_SEEN, "is_deleted", "mirrored_at", "version")
        warehouse.insert_rows(TABLE, [(*values, *stamps) for values in written], columns)
    return len(written)
