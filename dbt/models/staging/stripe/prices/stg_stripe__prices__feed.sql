{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__prices')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    product Nullable(String),
    active Nullable(Bool),
    currency Nullable(String),
    unit_amount Nullable(String),
    unit_amount_decimal Nullable(String),
    billing_scheme Nullable(String),
    type Nullable(String),
    recurring Tuple(
        interval Nullable(String),
        interval_count Nullable(String),
        usage_type Nullable(String),
        meter Nullable(String),
        trial_period_days Nullable(String)
    ),
    tiers_mode Nullable(String),
    transform_quantity Tuple(
        divide_by Nullable(String),
        round Nullable(String)
    ),
    nickname Nullable(String),
    lookup_key Nullable(String),
    tax_behavior Nullable(String),
    created Nullable(Int64)
)') as object
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).product') }} as product_id,
    (object).active as active,
    (object).currency as currency,
    toInt64OrNull((object).unit_amount) as unit_amount,
    toDecimal128OrNull((object).unit_amount_decimal, 12) as unit_amount_decimal,
    (object).billing_scheme as billing_scheme,
    (object).type as type,
    (object).recurring.interval as interval,
    toInt64OrNull((object).recurring.interval_count) as interval_count,
    (object).recurring.usage_type as usage_type,
    {{ object_id('(object).recurring.meter') }} as meter_id,
    toInt64OrNull((object).recurring.trial_period_days) as trial_period_days,
    (object).tiers_mode as tiers_mode,
    toInt64OrNull((object).transform_quantity.divide_by) as divide_by,
    (object).transform_quantity.round as divide_round,
    (object).nickname as nickname,
    (object).lookup_key as lookup_key,
    (object).tax_behavior as tax_behavior,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_price') }}
