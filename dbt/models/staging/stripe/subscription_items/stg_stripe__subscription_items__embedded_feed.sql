{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__subscription_items')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    items Tuple(data Array(Tuple(
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
    )))
)') as object,
    arrayJoin((object).items.data) as item
select
    workspace_id,
    connection_id,
    assumeNotNull((item).id) as id,
    stripe.id as subscription_id,
    (item).price.id as price_id,
    {{ object_id('(item).price.product') }} as product_id,
    toInt64OrNull((item).quantity) as quantity,
    (item).price.currency as currency,
    toInt64OrNull((item).price.unit_amount) as unit_amount,
    toDecimal128OrNull((item).price.unit_amount_decimal, 12) as unit_amount_decimal,
    (item).price.billing_scheme as billing_scheme,
    (item).price.recurring.interval as interval,
    toInt64OrNull((item).price.recurring.interval_count) as interval_count,
    (item).price.recurring.usage_type as usage_type,
    {{ epoch_seconds('(item).created') }} as created_at,
    {{ epoch_seconds('(item).current_period_start') }} as period_started_at,
    {{ epoch_seconds('(item).current_period_end') }} as period_ends_at,
    'embedded' as origin,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_subscription') }} as stripe
where (item).id is not null
