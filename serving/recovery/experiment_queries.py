"""What is known of experiments? Who was drawn (Postgres), and what settled of it (the marts)."""

from core.warehouse import TenantQuery

# The shares stand in the flows; the newest version that has the split says how it is drawn now.
SPLITS = """
select versions.flow_id, flows.name as flow_name, versions.version, step.value as split,
    coalesce(versions.document -> 'goals', '[]') as goals
from recovery_flow_versions versions
join recovery_flows flows on flows.workspace_id = versions.workspace_id
    and flows.id = versions.flow_id,
    jsonb_each(versions.document -> 'steps') as step
where step.value ->> 'kind' = 'split'
order by versions.published_at desc, versions.flow_id, step.key
"""
COUNTS = """
select experiment, arm, count(*) as units, min(assigned_at) as first_at
from recovery_assignments group by experiment, arm
"""
UNITS = """
select assigned.unit, assigned.arm, assigned.stratum, assigned.assigned_at,
    assigned.connection_id, episodes.subject_kind, episodes.subject_id, episodes.amount_minor,
    episodes.currency, coalesce(episodes.memory -> 'goals', '{}') as goals
from recovery_assignments assigned
join recovery_episodes episodes on episodes.workspace_id = assigned.workspace_id
    and episodes.id = assigned.episode_id
where assigned.experiment = %s
order by assigned.connection_id, assigned.unit
"""
# Every payment that the marts have; what has not settled has no time.
SETTLED = TenantQuery(
    """
    select connection_id, episode_id, recovered_minor,
        if(outcome = 'recovered', settled_at, null) as settled_at
    from marts.fct_recovery_episodes final
    where episode_id in {ids:Array(String)}
    """
)
MART = "marts.fct_recovery_episodes"
# What those marts do not have. An invoice that is sent fails at no card, so they never do: paid
# is settled. Of one that is collected by itself only that it is unpaid is known without them.
SENT = TenantQuery(
    """
    select connection_id, id as episode_id, ifNull(amount_paid_minor, 0) as recovered_minor,
        if(status = 'paid', paid_at, null) as settled_at
    from unified.invoices final
    where id in {ids:Array(String)}
        and (collection_method = 'send_invoice' or status in ('open', 'void', 'uncollectible'))
    """
)
INVOICES = "unified.invoices"
