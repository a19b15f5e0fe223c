{{ config(materialized='view') }}

with changes as (
    select workspace_id, connection_id, currency, moved_on, delta_minor, toInt64(0) as committed_delta_minor,
        toInt64(kind in ('new', 'reactivation')) - toInt64(kind = 'churn') as customers_delta
    from {{ newest(ref('fct_mrr_movements')) }}
    union all
    select workspace_id, connection_id, currency, changed_on, toInt64(0),
        committed_mrr_minor - lagInFrame(committed_mrr_minor, 1, toInt64(0)) over (
            partition by workspace_id, connection_id, customer_id, subscription_id order by changed_on
            rows between 1 preceding and current row),
        toInt64(0)
    from {{ newest(ref('int_billing__subscription_mrr')) }}
),

daily as (
    select workspace_id, connection_id, currency, moved_on, sum(delta_minor) as delta_minor,
        sum(committed_delta_minor) as committed_delta_minor, sum(customers_delta) as customers_delta
    from changes
    group by workspace_id, connection_id, currency, moved_on
),

running as (
    select workspace_id, connection_id, currency, moved_on,
        sum(delta_minor) over upto as mrr_minor,
        sum(committed_delta_minor) over upto as committed_mrr_minor,
        sum(customers_delta) over upto as customers,
        leadInFrame(moved_on, 1, toDate(now('UTC')) + 1) over (
            partition by workspace_id, connection_id, currency order by moved_on
            rows between current row and unbounded following) as until_on
    from daily
    window upto as (partition by workspace_id, connection_id, currency order by moved_on rows between unbounded preceding and current row)
)

select workspace_id, connection_id, currency,
    moved_on + arrayJoin(range(toUInt32(until_on - moved_on))) as day,
    mrr_minor,
    committed_mrr_minor,
    toInt64(12 * mrr_minor) as arr_minor,
    toInt64(customers) as customers
from running
