{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'customer_id'],
    settings=granules(),
) }}
{%- set customer = 'workspace_id, connection_id, customer_id' %}

with {% call touched_keys('touched_customers', customer) %}
    select workspace_id, connection_id, id as customer_id
    from {{ ref('customers') }}
    {%- if is_incremental() %}
    where {{ landed_since() }}
    union all
    select {{ customer }} from {{ ref('payment_attempts') }} where {{ landed_since() }} and customer_id != ''
    union all
    select workspace_id, connection_id, assumeNotNull(customer_id) from {{ ref('subscriptions') }}
    where {{ landed_since() }} and customer_id is not null
    union all
    select {{ customer }} from {{ ref('fct_mrr_movements') }} where {{ landed_since('computed_at') }}
    {%- endif %}
{% endcall %},

-- Without FINAL: a deleted customer's tombstone knows that it is gone, older rows may still know who it was.
-- In tuples: argMax passes over nulls, and would bring back what the newest state no longer has.
known_customers as (
    select workspace_id, connection_id, id as customer_id,
        argMaxIf(tuple(name), version, is_deleted = 0).1 as name,
        argMaxIf(tuple(email), version, is_deleted = 0).1 as email,
        argMaxIf(tuple(country), version, is_deleted = 0).1 as country,
        argMaxIf(tuple(currency), version, is_deleted = 0).1 as currency,
        argMaxIf(tuple(created_at), version, is_deleted = 0).1 as created_at,
        argMaxIf(tuple(delinquent), version, is_deleted = 0).1 as delinquent,
        argMax(customers.is_deleted, version) = 1 as is_removed
    from {{ ref('customers') }} as customers
    where (workspace_id, connection_id, id) in (select {{ customer }} from touched_customers)
    group by {{ customer }}
),

attempts as (
    select {{ customer }},
        any(currency) as paid_currency,
        uniqExactIf(currency, status = 'succeeded') as currencies,
        minIf(occurred_at::Nullable(DateTime64(3, 'UTC')), status = 'succeeded') as first_paid_at,
        maxIf(occurred_at::Nullable(DateTime64(3, 'UTC')), status = 'succeeded') as last_paid_at,
        sumMapIf(map(assumeNotNull(currency), ifNull(amount_captured_minor, 0)), status = 'succeeded') as paid,
        sumMapIf(map(assumeNotNull(currency), ifNull(amount_refunded_minor, 0)), status = 'succeeded') as refunded
    from {{ newest(ref('payment_attempts')) }}
    where ({{ customer }}) in (select {{ customer }} from touched_customers)
    group by {{ customer }}
),

agreements as (
    select workspace_id, connection_id, assumeNotNull(s.customer_id) as customer_id,
        any(s.currency) as agreed_currency,
        groupUniqArray(ifNull(s.status, '')) as statuses
    from (
        select * from {{ newest(ref('subscriptions')) }}
        -- By their ids first: the newest of the touched alone, not of all.
        where (workspace_id, connection_id, id) in (
            select workspace_id, connection_id, id from {{ ref('subscriptions') }}
            where (workspace_id, connection_id, customer_id) in (
                select workspace_id, connection_id, customer_id::Nullable(String) from touched_customers))
    ) as s
    where (s.workspace_id, s.connection_id, s.customer_id) in (
        select workspace_id, connection_id, customer_id::Nullable(String) from touched_customers)
    group by workspace_id, connection_id, customer_id
),

revenue as (
    select {{ customer }}, sumMap(map(currency, delta_minor)) as mrr
    from {{ newest(ref('fct_mrr_movements')) }}
    where ({{ customer }}) in (select {{ customer }} from touched_customers)
    group by {{ customer }}
),

final as (
    select k.workspace_id as workspace_id, k.connection_id as connection_id, k.customer_id as customer_id,
        k.name as name, k.email as email, k.country as country, k.created_at as created_at,
        coalesce(k.currency, nullIf(agreements.agreed_currency, ''), attempts.paid_currency, '') as currency,
        attempts.first_paid_at as first_paid_at,
        attempts.last_paid_at as last_paid_at,
        toInt64(revenue.mrr[currency]) as mrr_minor,
        toInt64(attempts.paid[currency]) as lifetime_paid_minor,
        toInt64(attempts.refunded[currency]) as lifetime_refunded_minor,
        (attempts.currencies > 1)::Bool as has_other_currencies,
        multiIf(
            k.is_removed, 'deleted',
            hasAny(agreements.statuses, ['past_due', 'unpaid']), 'past_due',
            has(agreements.statuses, 'active'), 'active',
            has(agreements.statuses, 'trialing'), 'trialing',
            has(agreements.statuses, 'paused'), 'paused',
            has(agreements.statuses, 'canceled'), 'former',
            attempts.first_paid_at is not null, 'one_off',
            'prospect') as status,
        ifNull(k.delinquent, false) as is_delinquent
    from known_customers as k
    left join attempts on k.workspace_id = attempts.workspace_id and k.connection_id = attempts.connection_id and k.customer_id = attempts.customer_id
    left join agreements on k.workspace_id = agreements.workspace_id and k.connection_id = agreements.connection_id and k.customer_id = agreements.customer_id
    left join revenue on k.workspace_id = revenue.workspace_id and k.connection_id = revenue.connection_id and k.customer_id = revenue.customer_id
)

select *,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(0) as is_deleted,
    {{ run_began_at() }} as computed_at
from final
