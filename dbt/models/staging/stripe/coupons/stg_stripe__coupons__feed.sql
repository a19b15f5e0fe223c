{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__coupons')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    name Nullable(String),
    percent_off Nullable(String),
    amount_off Nullable(String),
    currency Nullable(String),
    duration Nullable(String),
    duration_in_months Nullable(String),
    valid Nullable(Bool),
    created Nullable(Int64),
    redeem_by Nullable(Int64),
    max_redemptions Nullable(String),
    times_redeemed Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).name as name,
    toDecimal128OrNull((object).percent_off, 12) as percent_off,
    toInt64OrNull((object).amount_off) as amount_off,
    (object).currency as currency,
    (object).duration as duration,
    toInt64OrNull((object).duration_in_months) as duration_in_months,
    (object).valid as valid,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).redeem_by') }} as redeem_by_at,
    toInt64OrNull((object).max_redemptions) as max_redemptions,
    toInt64OrNull((object).times_redeemed) as times_redeemed,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_coupon') }}
