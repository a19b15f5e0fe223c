"""When is an entry forgotten? When both stores have it, days ago, and no task needs it.

The event itself stays in ClickHouse for good. Until then its id here keeps a repetition from being
applied twice; afterwards versions do.
"""

from datetime import datetime, timedelta

from core.database import Database

KEPT = timedelta(days=3)
PARKED_FOR = timedelta(days=3)
MOST_PARKED = 10_000
AT_ONCE = 5_000

_FORGET = """
with done as (
    select workspace_id, min(position) as position
    from inbox_progress group by workspace_id having count(*) = 2
), old as (
    select i.workspace_id, i.position
    from done d
    join inbox i on i.workspace_id = d.workspace_id and i.position <= d.position
    where i.received_at < %(before)s
      and not exists (select 1 from event_tasks t
        where t.workspace_id = i.workspace_id and t.position = i.position)
    limit %(most)s
)
delete from inbox i using old o where i.workspace_id = o.workspace_id and i.position = o.position
"""
_UNPARK = """
delete from parked_deliveries
where received_at < %(before)s
   or id <= (select id from parked_deliveries order by id desc offset %(most)s limit 1)
"""


def tidy(database: Database, now: datetime) -> int:
    """Forget what is old; return how many entries."""
    with database.system() as rows:
        forgotten = rows.execute(_FORGET, {"before": now - KEPT, "most": AT_ONCE}).rowcount
        rows.execute(_UNPARK, {"before": now - PARKED_FOR, "most": MOST_PARKED})
    return forgotten
