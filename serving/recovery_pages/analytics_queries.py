"""What do the analytics ask? The marts where they know it; Postgres for flows, steps and arms.

Of one currency, over episodes that began in the period. In the marts money is recovered once it has
settled, as the saved metrics `recovery_rate` and `recovered_share` count; in Postgres once the
provider said it was paid.
"""

from core.warehouse import TenantQuery

MART = "marts.fct_recovery_episodes"
_SETTLED = "settled_at <= now64(3, 'UTC')"
_RECOVERED = f"outcome = 'recovered' and e.recovered_minor > 0 and {_SETTLED}"
_SUMS = f"""
    count() as episodes, countIf({_RECOVERED}) as recovered, countIf(outcome = 'lost') as lost,
    sum(amount_minor) as failed_minor, sumIf(e.recovered_minor, {_SETTLED}) as recovered_minor
"""
_OF = """
from marts.fct_recovery_episodes as e final
where currency = {currency:String} and opened_at >= {since:DateTime64(3, 'UTC')}
"""
CURRENCIES = TenantQuery(
    """
    select currency, count() as episodes from marts.fct_recovery_episodes final
    group by currency order by episodes desc, currency
    """
)
TOTAL = TenantQuery(f"select {_SUMS} {_OF}")
BY_DECLINE_CODE = TenantQuery(
    f"""
    select decline_code as name, any(severity) as severity, {_SUMS} {_OF}
    group by decline_code order by failed_minor desc, decline_code limit 100
    """
)
BY_COHORT = TenantQuery(
    f"""
    select formatDateTime(opened_at, '%Y-%m', 'UTC') as name, {_SUMS} {_OF}
    group by name order by name desc limit 36
    """
)
ENDINGS = TenantQuery(
    f"""
    select outcome, count() as episodes,
        intDiv(toInt64(toUnixTimestamp(assumeNotNull(multiIf(
            outcome = 'recovered', ifNull(greatest(recovered_at, opened_at), opened_at),
            outcome = 'lost', ifNull(lost_at, last_failed_at),
            now64(3, 'UTC'))))) - toInt64(toUnixTimestamp(opened_at)), 86400) as day
    {_OF}
    group by outcome, day
    """
)

_PAID = "e.recovered_by in ('retry', 'payer', 'provider')"
_POSTGRES_SUMS = f"""
    count(*) as episodes, count(*) filter (where {_PAID}) as recovered,
    count(*) filter (where e.outcome = 'lost') as lost,
    coalesce(sum(e.amount_minor), 0)::bigint as failed_minor,
    coalesce(sum(e.recovered_minor) filter (where {_PAID}), 0)::bigint as recovered_minor
"""
_EPISODES = """
e.currency = %(currency)s and e.opened_at >= %(since)s
and e.subject_kind in ('invoice', 'payment_intent')
"""
POSTGRES_CURRENCIES = """
select currency, count(*) as episodes from recovery_episodes
group by currency order by episodes desc, currency
"""
BY_FLOW = f"""
select coalesce(f.name, '') as name, {_POSTGRES_SUMS}
from recovery_episodes e
left join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
where {_EPISODES} group by e.flow_id, f.name order by failed_minor desc, name
"""
# Where an episode stood when it was paid: what the step before it had brought about. Its title is
# that of the newest version which anybody ran on.
BY_STEP = f"""
select f.name as flow, e.step as name, e.recovered_by as way, count(*) as recovered,
    (array_agg(v.document -> 'steps' -> e.step ->> 'title' order by e.flow_version desc))[1]
        as title,
    coalesce(sum(e.recovered_minor), 0)::bigint as recovered_minor
from recovery_episodes e
join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
left join recovery_flow_versions v on v.workspace_id = e.workspace_id and v.flow_id = e.flow_id
    and v.version = e.flow_version
where {_EPISODES} and {_PAID}
group by f.name, e.step, e.recovered_by
order by recovered_minor desc, f.name, e.step, e.recovered_by limit 100
"""
BY_ARM = f"""
select a.experiment, a.arm as name, a.is_holdout, {_POSTGRES_SUMS}
from recovery_assignments a
join recovery_episodes e on e.workspace_id = a.workspace_id and e.id = a.episode_id
where {_EPISODES}
group by a.experiment, a.arm, a.is_holdout order by a.experiment, a.is_holdout, a.arm
"""
