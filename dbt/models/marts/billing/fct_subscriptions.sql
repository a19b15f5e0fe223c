{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'subscription_id'],
    settings=granules(),
) }}
-- depends_on: {{ ref('int_billing__subscription_mrr') }}
{%- set key = 'workspace_id, connection_id, subscription_id' %}

with {% call touched_keys('touched', key) %}
    select workspace_id, connection_id, id as subscription_id from {{ ref('subscriptions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    select {{ key }} from {{ ref('subscription_terms') }} where {{ landed_since() }}
    union all
    select {{ key }} from {{ ref('int_billing__subscription_mrr') }} where {{ landed_since('computed_at') }}
    union all
    select workspace_id, connection_id, assumeNotNull(subscription_id) from {{ ref('invoices') }}
    where subscription_id is not null and {{ landed_since() }}
    union all
    -- What it was billed for may become known after it.
    select {{ key }} from {{ ref('subscription_terms') }}
    -- Of the connections with such a price or product first: of the others, nothing is read.
    where (workspace_id, connection_id) in (
            select workspace_id, connection_id from {{ ref('prices') }} where {{ landed_since() }}
            union all
            select workspace_id, connection_id from {{ ref('products') }} where {{ landed_since() }})
        and (workspace_id, connection_id, price_id) in (
            select workspace_id, connection_id, id::Nullable(String) from {{ ref('prices') }}
            where {{ landed_since() }} or (workspace_id, connection_id, product_id) in (
                select workspace_id, connection_id, id::Nullable(String) from {{ ref('products') }} where {{ landed_since() }}))
    {%- endif %}
{% endcall %},

agreements as materialized (
    select *, id as subscription_id
    -- With those that are no more, which take their row along.
    from {{ newest_or_gone(ref('subscriptions'), 'workspace_id, connection_id, id') }}
),

-- What it was last billed for: of several prices the one that costs most.
billed as (
    select {{ key }}, argMax(assumeNotNull(price_id), (starts_at, ifNull(amount_minor, 0))) as billed_price_id
    from {{ newest(ref('subscription_terms')) }}
    where kind in ('period', 'added') and price_id is not null and ({{ key }}) in (select {{ key }} from touched)
    group by {{ key }}
),

plans as (
    select billed.workspace_id as workspace_id, billed.connection_id as connection_id, billed.subscription_id as subscription_id,
        prices.product_id as product_id, products.name as plan, prices.interval as interval, prices.interval_count as interval_count
    from billed
    left join (
        select * from {{ newest(ref('prices')) }}
        where (workspace_id, connection_id) in (select workspace_id, connection_id from touched)
    ) as prices
        on billed.workspace_id = prices.workspace_id and billed.connection_id = prices.connection_id and billed.billed_price_id = prices.id
    left join (select workspace_id, connection_id, id::Nullable(String) as id, argMaxIf(name, version, is_deleted = 0) as name
        from {{ ref('products') }}
        where (workspace_id, connection_id) in (select workspace_id, connection_id from touched)
        group by workspace_id, connection_id, id) as products
        on billed.workspace_id = products.workspace_id and billed.connection_id = products.connection_id and prices.product_id = products.id
),

-- A customer is won by the first money, not by a trial's invoice of nothing.
paid as (
    select workspace_id, connection_id, assumeNotNull(subscription_id) as subscription_id,
        min(paid_at) as first_paid_at, max(ifNull(created_at, assumeNotNull(paid_at))) as newest_paid_invoice_at
    from {{ newest(ref('invoices')) }}
    where status = 'paid' and amount_paid_minor > 0 and (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, id from {{ ref('invoices') }}
        where (workspace_id, connection_id, subscription_id) in (
            select workspace_id, connection_id, subscription_id::Nullable(String) from touched))
    group by workspace_id, connection_id, subscription_id
),

worth as (
    select {{ key }}, argMax(mrr_minor, changed_on) as mrr_minor, argMax(committed_mrr_minor, changed_on) as committed_mrr_minor
    from {{ newest(ref('int_billing__subscription_mrr')) }}
    where (workspace_id, connection_id, customer_id) in (select workspace_id, connection_id, ifNull(customer_id, '') from agreements)
    group by {{ key }}
)

select
    a.workspace_id as workspace_id,
    a.connection_id as connection_id,
    a.subscription_id as subscription_id,
    ifNull(a.customer_id, '') as customer_id,
    ifNull(a.currency, '')::String as currency,
    ifNull(a.status, '')::String as status,
    ifNull(plans.product_id, '') as product_id,
    ifNull(plans.plan, '') as plan,
    ifNull(plans.interval, '')::String as interval,
    toInt64(ifNull(plans.interval_count, 1)) as interval_count,
    ifNull(a.started_at, a.created_at) as started_at,
    a.trial_started_at as trial_started_at,
    a.trial_ends_at as trial_ends_at,
    paid.first_paid_at as first_paid_at,
    multiIf(
        -- One that is given later, to move a billing date, is no customer's trial.
        a.trial_ends_at is null or a.trial_started_at > a.created_at + interval 1 day, '',
        -- What was billed before its end, a setup fee, converts nobody.
        paid.newest_paid_invoice_at >= a.trial_ends_at, 'converted',
        a.ended_at is not null or a.status in ('paused', 'unpaid'), 'lost',
        'open') as trial_outcome,
    a.canceled_at as notice_at,
    a.ended_at as ended_at,
    multiIf(
        a.ended_at is null, '',
        a.status = 'incomplete_expired', 'never_started',
        a.cancellation_reason in ('payment_failed', 'payment_disputed'), 'involuntary',
        'voluntary') as end_kind,
    toInt64(ifNull(worth.mrr_minor, 0)) as mrr_minor,
    toInt64(ifNull(worth.committed_mrr_minor, 0)) as committed_mrr_minor,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(a.is_deleted) as is_deleted,
    {{ run_began_at() }} as computed_at
from agreements as a
left join plans using ({{ key }})
left join paid using ({{ key }})
left join worth using ({{ key }})
