"""What follows when a provider says only that something changed? The connection is synced.

One sync waits at most: while another runs, the notice is kept and asked again, since that sync may
have begun before the change. Notices live in memory: the hourly sync is the net below them.
"""

from core.clock import utc_now
from core.database import Database
from core.tenancy import TenantId, new_id

# A sync that waits for its turn will see the change; one that runs may not.
_REQUEST = """
insert into syncs (workspace_id, id, connection_id, provider, state, requested_at)
select c.workspace_id, %(id)s, c.id, c.provider, 'queued', %(now)s
from connections c
where c.id = %(connection_id)s and c.status in ('active', 'degraded')
on conflict do nothing
"""
_WAITS = "select 1 as waits from syncs where connection_id = %s and state = 'queued'"
_RUNS = "select 1 as runs from syncs where connection_id = %s and state = 'running'"


def request_syncs(application: Database, notices: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Ask for a sync of each connection; return those that must be asked again."""
    left = set()
    for workspace_id, connection_id in notices:
        with application.tenant(TenantId(workspace_id)) as rows:
            if rows.execute(_WAITS, [connection_id]).fetchone():
                continue
            if rows.execute(_RUNS, [connection_id]).fetchone():
                left.add((workspace_id, connection_id))
                continue
            values = {"id": new_id("sync"), "connection_id": connection_id, "now": utc_now()}
            rows.execute(_REQUEST, values)
    return left
