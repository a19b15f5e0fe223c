{{ config(materialized='view') }}
{%- set customer = 'workspace_id, connection_id, customer_id, currency' %}

with customers as (
    select {{ customer }}, any(cohort_month) as cohort_month,
        arraySort(groupArray((moved_on, mrr_after_minor, is_involuntary))) as moved
    from {{ newest(ref('fct_mrr_movements')) }}
    group by {{ customer }}
),

months as (
    select *,
        arrayJoin(range(toUInt32(dateDiff('month', cohort_month, toDate(now('UTC'))) + 1))) as age,
        addMonths(cohort_month, age) as month,
        arrayLast(move -> move.1 < month, moved).2 as opening_minor,
        arrayLast(move -> move.1 < addMonths(month, 1), moved) as last_move,
        last_move.2 as closing_minor
    from customers
)

select workspace_id, connection_id, currency, cohort_month, month,
    toUInt16(age) as age,
    toInt64(countIf(opening_minor > 0)) as customers_opening,
    toInt64(countIf(closing_minor > 0)) as customers_closing,
    toInt64(countIf(opening_minor > 0 and closing_minor = 0)) as customers_lost,
    toInt64(countIf(opening_minor > 0 and closing_minor = 0 and last_move.3)) as customers_lost_involuntarily,
    toInt64(sum(opening_minor)) as opening_mrr_minor,
    toInt64(sum(closing_minor)) as closing_mrr_minor,
    toInt64(sumIf(closing_minor, opening_minor > 0)) as net_retained_mrr_minor,
    toInt64(sum(least(opening_minor, closing_minor))) as gross_retained_mrr_minor
from months
group by workspace_id, connection_id, currency, cohort_month, month, age
