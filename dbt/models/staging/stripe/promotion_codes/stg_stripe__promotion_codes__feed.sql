{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__promotion_codes')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    code Nullable(String),
    coupon Nullable(String),
    promotion Tuple(
        coupon Nullable(String)
    ),
    active Nullable(Bool),
    customer Nullable(String),
    created Nullable(Int64),
    expires_at Nullable(Int64),
    max_redemptions Nullable(String),
    times_redeemed Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).code as code,
    coalesce({{ object_id('(object).coupon') }}, {{ object_id('(object).promotion.coupon') }}) as coupon_id,
    (object).active as active,
    {{ object_id('(object).customer') }} as customer_id,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).expires_at') }} as expires_at,
    toInt64OrNull((object).max_redemptions) as max_redemptions,
    toInt64OrNull((object).times_redeemed) as times_redeemed,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_promotion_code') }}
