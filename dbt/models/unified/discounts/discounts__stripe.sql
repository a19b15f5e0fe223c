{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('discounts')) }}
-- depends_on: {{ ref('stg_stripe__discounts__subscription_feed') }}
-- depends_on: {{ ref('stg_stripe__discounts__invoice_feed') }}
-- depends_on: {{ ref('stg_stripe__discounts__event_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount_off', 'iso_code') }} as iso_amount_off
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    ifNull(subscription_id, '') as subscription_id,
    customer_id,
    coupon_id,
    percent_off,
    iso_code as currency,
    iso_amount_off as amount_off_minor,
    duration,
    starts_at,
    ends_at,
    'raw.stripe_subscription' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__discounts') }} as stripe
