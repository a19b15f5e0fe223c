-- Conserved: a customer's MRR. Each movement starts where the one before ended, is what it says it is, and a customer's
-- deltas sum to the MRR that its subscriptions have. Guards fct_mrr_movements and int_billing__subscription_mrr.
{{ config(meta={'dagster': {'ref': {'name': 'fct_mrr_movements'}}}) }}
with bridged as (
    select *, lagInFrame(mrr_after_minor, 1, toInt64(0)) over (
        partition by workspace_id, connection_id, customer_id, currency order by moved_on
        rows between 1 preceding and current row) as mrr_expected_minor
    from {{ newest(ref('fct_mrr_movements')) }}
),

of_subscriptions as (
    select workspace_id, connection_id, currency, sum(mrr_minor) as mrr_minor
    from (
        select workspace_id, connection_id, currency, argMax(mrr_minor, changed_on) as mrr_minor
        from {{ newest(ref('int_billing__subscription_mrr')) }}
        group by workspace_id, connection_id, currency, customer_id, subscription_id
    )
    group by workspace_id, connection_id, currency
),

of_customers as (
    select workspace_id, connection_id, currency, sum(delta_minor) as mrr_minor
    from {{ newest(ref('fct_mrr_movements')) }}
    group by workspace_id, connection_id, currency
)

select workspace_id, customer_id as subject, 'a movement does not start where the one before ended' as broken
from bridged
where mrr_before_minor != mrr_expected_minor
    or mrr_after_minor != mrr_before_minor + delta_minor
    or delta_minor = 0
    or mrr_after_minor < 0
    or kind != multiIf(
        mrr_before_minor = 0 and kind in ('new', 'reactivation'), kind,
        mrr_before_minor = 0, 'new or reactivation',
        mrr_after_minor = 0, 'churn', delta_minor > 0, 'expansion', 'contraction')
union all
select workspace_id, currency, 'subscriptions and customers differ in MRR'
from of_subscriptions
full join of_customers using (workspace_id, connection_id, currency)
where of_subscriptions.mrr_minor != of_customers.mrr_minor
