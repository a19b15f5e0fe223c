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
    count(*) filter (where outcome = 'lost' and {_SINCE}) as lost
"""
FIGURES = f"""
select currency, {_SUMS},
    coalesce(sum(amount_minor) filter (where recovered_by = 'out_of_band' and {_SINCE}), 0)::bigint
        as outside_minor,
    count(*) filter (where recovered_by = 'out_of_band' and {_SINCE}) as outside
from recovery_episodes group by currency order by at_risk_minor desc, currency
"""
REASONS = f"""
select * from (
    select currency, coalesce(nullif(facts ->> 'decline_reason', ''), 'none') as reason, {_SUMS}
    from recovery_episodes group by 1, 2
) as by_reason
where at_risk + recovered + lost > 0
order by currency, at_risk_minor desc, recovered_minor desc, reason
"""
ATTENTION = f"""
select
    count(*) filter (where {_OPEN} and flow_id is null) as without_flow,
    count(*) filter (where {_OPEN} and state = 'paused') as paused,
    count(*) filter (where state <> 'ended' and cause in ('card_expiring', 'upcoming_renewal'))
        as endangered,
    count(*) as episodes
from recovery_episodes
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
