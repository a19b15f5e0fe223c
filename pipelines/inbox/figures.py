"""How is the sync engine doing? Figures without a tenant in them, kept where the API can read them.

The API serves them at `/metrics`, `oppulence status` and Dagster's check read the same rows.
"""

from datetime import datetime

from core.database import Database, Rows
from pipelines.inbox.entries import Store

# Counting stops here: beyond it the exact number helps nobody.
MOST_COUNTED = 100_000

_PENDING = """
with behind as (
    select s.store, h.workspace_id, coalesce(p.position, 0) as position
    from inbox_heads h
    cross join (values ('postgres'), ('clickhouse')) as s (store)
    left join inbox_progress p on p.workspace_id = h.workspace_id and p.store = s.store
    where h.position > coalesce(p.position, 0)
)
select s.store, count(e.position) as events, min(e.received_at) as oldest_at
from (values ('postgres'), ('clickhouse')) as s (store)
left join lateral (
    select i.position, i.received_at
    from behind b join inbox i on i.workspace_id = b.workspace_id and i.position > b.position
    where b.store = s.store
    limit %(most)s
) as e on true
group by s.store
"""
_TASKS = """
select stage, next_attempt_at is null as is_dead, count(*) as tasks, sum(attempts) as attempts
from event_tasks group by stage, is_dead
"""
_PARKED = "select count(*) as parked from parked_deliveries"
_TELL = """
insert into engine_figures as f (name, label, value, told_at)
select n, l, v, %(now)s from unnest(%(names)s::text[], %(labels)s::text[], %(values)s::float8[])
    as t (n, l, v)
on conflict (name, label) do update set value = excluded.value, told_at = excluded.told_at
"""
_COUNT = """
insert into engine_figures as f (name, label, value, told_at)
values ('inbox_applied_total', %s, %s, %s)
on conflict (name, label) do update
    set value = f.value + excluded.value, told_at = excluded.told_at
"""


def count_applied(rows: Rows, store: Store, number: int, now: datetime) -> None:
    """Count entries that a store has applied."""
    rows.execute(_COUNT, [store, number, now])


def tell_figures(database: Database, now: datetime) -> None:
    """Write down what waits, how long it has waited, what is retried and what was given up."""
    found: dict[tuple[str, str], float] = {}
    with database.system() as rows:
        for row in rows.execute(_PENDING, {"most": MOST_COUNTED}):
            oldest_at = row["oldest_at"]
            lag = (now - oldest_at).total_seconds() if oldest_at else 0.0
            found["inbox_pending", row["store"]] = row["events"]
            found["inbox_lag_seconds", row["store"]] = max(0.0, lag)
        for stage in ("postgres", "clickhouse", "refetch"):
            found["inbox_retries", stage] = found["inbox_dead_letters", stage] = 0
        for row in rows.execute(_TASKS):
            name = "inbox_dead_letters" if row["is_dead"] else "inbox_retries"
            found[name, row["stage"]] = row["tasks"]
        parked = rows.execute(_PARKED).fetchone()
        found["inbox_parked", ""] = parked["parked"] if parked else 0
        values = {
            "now": now, "names": [name for name, _ in found],
            "labels": [label for _, label in found],
            "values": [float(value) for value in found.values()],
        }  # fmt: skip
        rows.execute(_TELL, values)
