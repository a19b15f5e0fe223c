"""What does the board ask? Postgres statements inside the workspace's transaction.

A holdout's episodes are at risk as all are; nothing is done about them, so they are not in
recovery. What counts as at risk, recovered and lost is what /v1/recovery/metrics counts.
"""

# An episode that is open, that somebody owes, that a flow works on.
_OPEN = "state <> 'ended' and subject_kind in ('invoice', 'payment_intent')"
_WORKED = f"""{_OPEN} and state = 'running' and flow_id is not null
    and not coalesce((memory ->> 'is_holdout')::boolean, false)"""
_SINCE = "ended_at >= %(since)s"
_BY_US = f"recovered_by in ('retry', 'payer', 'provider') and {_SINCE}"

_SUMS = f"""
    coalesce(sum(amount_minor) filter (where {_OPEN}), 0)::bigint as at_risk_minor,
    count(*) filter (where {_OPEN}) as at_risk,
    coalesce(sum(amount_minor) filter (where {_WORKED}), 0)::bigint as in_recovery_minor,
    count(*) filter (where {_WORKED}) as in_recovery,
    coalesce(sum(recovered_minor) filter (where {_BY_US}), 0)::bigint as recovered_minor,
    count(*) filter (where {_BY_US}) as recovered,
    coalesce(sum(amount_minor) filter (where outcome = 'lost' and {_SINCE}), 0)::bigint
        as lost_minor,
    count(*) filter (where outcome = 'lost' and {_SINCE}) as lost,
    coalesce(sum(amount_minor) filter (where recovered_by = 'out_of_band' and {_SINCE}), 0)::bigint
        as outside_minor,
    count(*) filter (where recovered_by = 'out_of_band' and {_SINCE}) as outside,
    count(*) filter (where {_OPEN} and flow_id is null) as without_flow,
    count(*) filter (where {_OPEN} and state = 'paused') as paused,
    count(*) filter (where state <> 'ended' and cause in ('card_expiring', 'upcoming_renewal'))
        as endangered
"""
# One look at what is open or ended lately: the board's figures and notices are sums of its rows.
REASONS = f"""
select currency, coalesce(nullif(facts ->> 'decline_reason', ''), 'none') as reason, {_SUMS}
from recovery_episodes
where state <> 'ended' or ended_at >= %(since)s
group by 1, 2
order by currency, at_risk_minor desc, recovered_minor desc, reason
"""
HAS_ANY = "select 1 as found from recovery_episodes limit 1"
# Of one currency: what failed on each day, and what came back on it, whenever it had failed.
DAYS = """
with days as (
    select generate_series(
        (%(first_at)s at time zone 'UTC')::date, (now() at time zone 'UTC')::date, interval '1 day'
    )::date as day
), failed as (
    select (opened_at at time zone 'UTC')::date as day, sum(amount_minor)::bigint as failed_minor
    from recovery_episodes
    where currency = %(currency)s and opened_at >= %(first_at)s
        and subject_kind in ('invoice', 'payment_intent')
    group by 1
), recovered as (
    select (ended_at at time zone 'UTC')::date as day,
        sum(recovered_minor)::bigint as recovered_minor
    from recovery_episodes
    where currency = %(currency)s and ended_at >= %(first_at)s
        and recovered_by in ('retry', 'payer', 'provider')
    group by 1
)
select day, coalesce(failed_minor, 0) as failed_minor,
    coalesce(recovered_minor, 0) as recovered_minor
from days left join failed using (day) left join recovered using (day) order by day
"""
NEXT = """
select id, customer_id, amount_minor, currency, step, due_at, cause from recovery_episodes
where state = 'running' and due_at is not null order by due_at, id limit 6
"""
TASKS = """
select t.id, t.instruction, t.created_at, t.episode_id, e.amount_minor, e.currency
from recovery_tasks t
join recovery_episodes e on e.workspace_id = t.workspace_id and e.id = t.episode_id
where t.done_at is null order by t.created_at, t.id limit 6
"""
