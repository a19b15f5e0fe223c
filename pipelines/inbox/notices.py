"""What follows when a provider says only that something changed? The connection is synced.

The notice is kept in the transaction that applies its event, and struck off in the one that asks
for the sync, so a worker that dies between the two loses nothing. One sync waits at most: while
another runs, the notice stays and is looked at again, since that sync may have begun before the
change.
"""

from collections.abc import Iterable
from datetime import datetime

from core.clock import utc_now
from core.database import Database, Rows
from core.tenancy import TenantId, new_id
from pipelines.inbox.meanings import Meaning

AT_ONCE = 200

# A connection that is gone has nothing to sync.
_KEEP = """
insert into sync_notices as n (workspace_id, connection_id, noticed_at)
select c.workspace_id, c.id, %(now)s
from connections c
join unnest(%(workspaces)s::text[], %(connections)s::text[]) as k (w, c)
    on c.workspace_id = k.w and c.id = k.c
where c.status <> 'revoked'
on conflict (workspace_id, connection_id) do update set noticed_at = excluded.noticed_at
"""
_KEPT = """
select workspace_id, connection_id, noticed_at from sync_notices order by noticed_at limit %s
"""
# A sync that waits for its turn will see the change; one that runs may not.
_OPEN = """
select state from syncs where connection_id = %s and state in ('queued', 'running')
"""
_REQUEST = """
insert into syncs (workspace_id, id, connection_id, provider, state, requested_at)
select c.workspace_id, %(id)s, c.id, c.provider, 'queued', %(now)s
from connections c
where c.id = %(connection_id)s and c.status in ('active', 'degraded')
on conflict do nothing
"""
# Not if the provider has said so again meanwhile.
_STRIKE = "delete from sync_notices where connection_id = %s and noticed_at = %s"


def keep_notices(rows: Rows, meanings: Iterable[Meaning], now: datetime) -> None:
    """Keep what the entries say has changed, in the transaction that applies them."""
    changed = sorted(
        {(m.entry.workspace_id, m.entry.connection_id) for m in meanings if m.needs_sync}
    )
    if changed:
        values = {
            "workspaces": [workspace for workspace, _ in changed],
            "connections": [connection for _, connection in changed], "now": now,
        }  # fmt: skip
        rows.execute(_KEEP, values)


def request_syncs(system: Database, application: Database) -> int:
    """Ask for a sync of each connection with a notice; return how many notices were struck off."""
    with system.system() as rows:
        kept = rows.execute(_KEPT, [AT_ONCE]).fetchall()
    struck = 0
    for notice in kept:
        connection_id = notice["connection_id"]
        with application.tenant(TenantId(notice["workspace_id"])) as rows:
            found = rows.execute(_OPEN, [connection_id]).fetchone()
            if found is not None and found["state"] == "running":
                continue
            if found is None:
                values = {"id": new_id("sync"), "connection_id": connection_id, "now": utc_now()}
                rows.execute(_REQUEST, values)
            struck += rows.execute(_STRIKE, [connection_id, notice["noticed_at"]]).rowcount
    return struck
