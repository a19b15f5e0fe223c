{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'movement_id'],
    settings=granules(),
    indexes=[
        {'name': 'computed', 'definition': 'computed_at type minmax granularity 1'},
        {'name': 'charge', 'definition': 'charge_id type bloom_filter(0.000001) granularity 4'},
    ],
) }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('stg_stripe__refunds') }}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set charge = 'workspace_id, connection_id, charge_id' %}
{%- set is_payment = "(category in ('charge', 'charge_failure', 'partial_capture_reversal', 'refund', 'refund_failure') and paid.paid_currency is not null)" %}

with landed_charges as (
    select workspace_id, connection_id, id::Nullable(String) as charge_id from {{ ref('stg_stripe__charges') }} where {{ landed_since() }}
),

{% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('balance_transactions') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- What was paid may land after the movement that settles it, and names it.
    select workspace_id, connection_id, arrayJoin(arrayFilter(
        name -> name != '', [ifNull(balance_transaction_id, ''), ifNull(failure_balance_transaction_id, '')]))
    from {{ ref('stg_stripe__charges') }} where {{ landed_since() }}
    union all
    -- A refund's movement tells of the charge that it gives back: either may land after it.
    select workspace_id, connection_id, arrayJoin(arrayFilter(
        name -> name != '', [ifNull(balance_transaction_id, ''), ifNull(failure_balance_transaction_id, '')]))
    from {{ ref('stg_stripe__refunds') }} where {{ landed_since() }} or ({{ charge }}) in (select * from landed_charges)
    union all
    -- A dispute does not name its movements; they name it, or its charge.
    select {{ key }} from {{ ref('balance_transactions') }}
    where startsWith(ifNull(reporting_category, ''), 'dispute') and (workspace_id, connection_id, transaction_id) in (
        select workspace_id, connection_id, arrayJoin([id::Nullable(String), charge_id]) from {{ ref('disputes') }}
        where {{ landed_since() }} or ({{ charge }}) in (select * from landed_charges))
    {%- endif %}
{% endcall %},

-- With those that are no more, which take their row along.
movements as materialized {{ newest_or_gone(ref('balance_transactions'), key) }},

refunded as (
    select workspace_id, connection_id, id as refund_id, charge_id as refunded_charge_id, amount_minor as refunded_minor
    from {{ newest(ref('refunds')) }}
    where ({{ key }}) in (select workspace_id, connection_id, assumeNotNull(transaction_id) from movements where transaction_id is not null)
),

disputed as (
    select workspace_id, connection_id, id as dispute_id, charge_id as disputed_charge_id
    from {{ newest(ref('disputes')) }}
    where ({{ key }}) in (select workspace_id, connection_id, assumeNotNull(transaction_id) from movements where transaction_id is not null)
),

charged as materialized (
    select m.workspace_id as workspace_id, m.connection_id as connection_id, m.id as movement_id, m.provider as provider,
        m.reporting_category as reporting_category, m.currency as currency, m.amount_minor as amount_minor, m.fee_minor as fee_minor,
        m.net_minor as net_minor, m.exchange_rate as exchange_rate, m.created_at as created_at, m.available_at as available_at, m.is_deleted as is_gone,
        coalesce(r.refunded_charge_id, d.disputed_charge_id, m.transaction_id, '') as about_id, r.refunded_minor as refunded_minor
    from movements as m
    left join refunded as r
        on m.workspace_id = r.workspace_id and m.connection_id = r.connection_id and m.transaction_id = r.refund_id
    left join disputed as d
        on m.workspace_id = d.workspace_id and m.connection_id = d.connection_id and m.transaction_id = d.dispute_id
),

charges as (
    select workspace_id, connection_id, id as paid_charge_id, customer_id as payer_id, payment_intent_id,
        {{ iso_currency('stripe.currency') }} as paid_currency, {{ iso_minor('amount', 'paid_currency') }} as asked_minor,
        {{ iso_minor('amount_captured', 'paid_currency') }} as captured_minor, failure_balance_transaction_id,
        payment_method_type, card_brand, coalesce(card_country, billing_country) as payer_country
    from (
        select * from {{ newest(ref('stg_stripe__charges')) }}
        where ({{ key }}) in (select workspace_id, connection_id, about_id from charged)
    ) as stripe
)

select
    booked.workspace_id as workspace_id,
    booked.connection_id as connection_id,
    movement_id,
    ifNull(booked.provider, '')::String as provider,
    ifNull(reporting_category, '')::String as category,
    booked.about_id as charge_id,
    ifNull(payment_intent_id, '') as payment_id,
    ifNull(payer_id, '') as customer_id,
    ifNull(payment_method_type, '')::String as method,
    ifNull(card_brand, '')::String as brand,
    ifNull(payer_country, '')::String as country,
    if({{ is_payment }}, assumeNotNull(paid.paid_currency), ifNull(booked.currency, ''))::String as payment_currency,
    toInt64(ifNull(multiIf(
        -- In one currency the movements themselves tell it: of a charge that was captured in part, two of them.
        not {{ is_payment }} or paid.paid_currency = booked.currency, booked.amount_minor,
        category = 'refund', -booked.refunded_minor,
        category = 'refund_failure', booked.refunded_minor,
        -- Told by its charge, which knows what was captured.
        category = 'partial_capture_reversal', 0,
        category = 'charge_failure', -paid.asked_minor,
        -- A bank debit that was taken back later has captured nothing in the end.
        paid.failure_balance_transaction_id is not null, paid.asked_minor,
        paid.captured_minor), 0)) as payment_minor,
    ifNull(booked.currency, '')::String as currency,
    toInt64(ifNull(amount_minor, 0)) as gross_minor,
    toInt64(ifNull(booked.fee_minor, 0)) as fee_minor,
    toInt64(ifNull(booked.net_minor, 0)) as net_minor,
    if(payment_currency != ifNull(booked.currency, ''), booked.exchange_rate, null) as exchange_rate,
    ifNull(created_at, toDateTime64(0, 3, 'UTC')) as booked_at,
    booked.available_at as available_at,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(booked.is_gone) as is_deleted,
    {{ run_began_at() }} as computed_at
from charged as booked
left join charges as paid
    on booked.workspace_id = paid.workspace_id and booked.connection_id = paid.connection_id and booked.about_id = paid.paid_charge_id
