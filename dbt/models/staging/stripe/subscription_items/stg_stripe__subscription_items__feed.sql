{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__subscription_items')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    id Nullable(String),
    subscription Nullable(String),
    quantity Nullable(String),
    created Nullable(Int64),
    current_period_start Nullable(Int64),
    current_period_end Nullable(Int64),
    price Tuple(
        id Nullable(String),
        product Nullable(String),
        currency Nullable(String),
        unit_amount Nullable(String),
        unit_amount_decimal Nullable(String),
        billing_scheme Nullable(String),
        recurring Tuple(interval Nullable(String), interval_count Nullable(String), usage_type Nullable(String))
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).subscription') }} as subscription_id,
    (object).price.id as price_id,
    {{ object_id('(object).price.product') }} as product_id,
    toInt64OrNull((object).quantity) as quantity,
    (object).price.currency as currency,
    toInt64OrNull((object).price.unit_amount) as unit_amount,
    toDecimal128OrNull((object).price.unit_amount_decimal, 12) as unit_amount_decimal,
    (object).price.billing_scheme as billing_scheme,
    (object).price.recurring.interval as interval,
    toInt64OrNull((object).price.recurring.interval_count) as interval_count,
    (object).price.recurring.usage_type as usage_type,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).current_period_start') }} as period_started_at,
    {{ epoch_seconds('(object).current_period_end') }} as period_ends_at,
    'listed' as origin,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_subscription_item') }}
