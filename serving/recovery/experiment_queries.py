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
    assigned.connection_id, episodes.subject_kind, episodes.subject_id, episodes.subscription_id,
    episodes.customer_id, episodes.amount_minor, episodes.currency, connections.last_synced_at,
    coalesce(episodes.memory -> 'goals', '{}') as goals
from recovery_assignments assigned
join recovery_episodes episodes on episodes.workspace_id = assigned.workspace_id
    and episodes.id = assigned.episode_id
join connections on connections.workspace_id = assigned.workspace_id
    and connections.id = assigned.connection_id
where assigned.experiment = %s
order by assigned.connection_id, assigned.unit
"""
# Every payment that the marts have; what has not settled has no time. What went back of it is asked
# for apart, as only what went back in time counts.
SETTLED = TenantQuery(
    """
    select connection_id, episode_id as id, collected_minor, settled_at
    from marts.fct_recovery_episodes final
    where episode_id in {ids:Array(String)}
    """
)
MART = "marts.fct_recovery_episodes"
# What those marts do not have. An invoice that is sent fails at no card, so they never do: paid
# is settled. Of one that is collected by itself only that it is unpaid is known without them.
SENT = TenantQuery(
    """
    select connection_id, id, ifNull(amount_paid_minor, 0) as collected_minor,
        if(status = 'paid', paid_at, null) as settled_at
    from unified.invoices final
    where id in {ids:Array(String)}
        and (collection_method = 'send_invoice' or status in ('open', 'void', 'uncollectible'))
    """
)
INVOICES = "unified.invoices"

# What is no debt: known where the layer has it.
SUBSCRIPTIONS = TenantQuery(
    "select connection_id, id from unified.subscriptions final where id in {ids:Array(String)}"
)
DISPUTES = TenantQuery(
    "select connection_id, id from unified.disputes final where id in {ids:Array(String)}"
)
# A dispute's movement is in the balance's currency; what it took is told by the dispute, in the
# payer's. What has not settled has no time, and is left out.
_MOVED = """
    m.charge_id as charge_id, m.category = 'charge' as is_payment,
    m.category = 'dispute_reversal' as is_returned,
    if(startsWith(m.category, 'dispute'), sign(m.gross_minor) * ifNull(d.amount_minor, 0),
        m.payment_minor) as minor,
    if(startsWith(m.category, 'dispute'), ifNull(d.currency, ''), m.payment_currency) as currency,
    m.booked_at as booked_at, assumeNotNull(m.available_at) as available_at
"""


# What was never captured of a payment, and a refund that did not arrive, are told by movements too.
_PAID = "'charge', 'charge_failure', 'partial_capture_reversal'"
_BACK = "'refund', 'refund_failure', 'dispute'"


def _moved_by(paid: str, categories: str) -> TenantQuery:
    """Ask what moved of some payments; `paid` are CTEs, the last of their payments and ids."""
    return TenantQuery(
        f"""
        with {paid}
        select p.connection_id as connection_id, p.id as id, {_MOVED}
        from (
            select * from marts.fct_settlements final
            where available_at is not null and category in ({categories})
                and payment_id in (select payment_id from paid)
        ) as m
        inner join paid as p on m.connection_id = p.connection_id and m.payment_id = p.payment_id
        any left join (select * from unified.disputes final) as d
            on m.connection_id = d.connection_id and m.charge_id = d.charge_id
        """
    )


PAID_ON_SUBSCRIPTIONS = _moved_by(
    """
    billed as (
        select connection_id, id, assumeNotNull(subscription_id) as subscription_id
        from unified.invoices final where subscription_id in {ids:Array(String)}
    ),
    paid as (
        select distinct p.connection_id as connection_id, p.payment_id as payment_id,
            b.subscription_id as id
        from (
            select connection_id, invoice_id, payment_id from unified.invoice_payments final
            where payment_id != '' and invoice_id in (select id from billed)
        ) as p
        inner join billed as b on p.connection_id = b.connection_id and p.invoice_id = b.id
    )
    """,
    f"{_PAID}, {_BACK}, 'dispute_reversal'",
)
# Of an invoice's payments, or of a payment that is of none.
WENT_BACK = _moved_by(
    """
    paid as (
        select connection_id, payment_id, invoice_id as id from unified.invoice_payments final
        where payment_id != '' and invoice_id in {ids:Array(String)}
        union distinct
        select connection_id, payment_id, payment_id as id from marts.fct_settlements final
        where payment_id in {ids:Array(String)}
    )
    """,
    f"{_BACK}, 'dispute_reversal'",
)
PAID_BY_CUSTOMERS = TenantQuery(
    f"""
    select m.connection_id as connection_id, m.customer_id as id, {_MOVED}
    from (
        select * from marts.fct_settlements final
        where available_at is not null and customer_id in {{ids:Array(String)}}
            and category in ({_PAID}, {_BACK})
    ) as m
    any left join (select * from unified.disputes final) as d
        on m.connection_id = d.connection_id and m.charge_id = d.charge_id
    """
)
GIVEN_BACK = TenantQuery(
    f"""
    select m.connection_id as connection_id, d.id as id, {_MOVED}
    from (
        select * from marts.fct_settlements final
        where available_at is not null and category = 'dispute_reversal'
    ) as m
    inner join (
        select * from unified.disputes final where id in {{ids:Array(String)}}
    ) as d on m.connection_id = d.connection_id and m.charge_id = d.charge_id
    """
)
