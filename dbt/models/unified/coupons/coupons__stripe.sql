{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('coupons')) }}
-- depends_on: {{ ref('stg_stripe__coupons__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount_off', 'iso_code') }} as iso_amount_off
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    name,
    percent_off,
    iso_code as currency,
    iso_amount_off as amount_off_minor,
    duration,
    duration_in_months,
    created_at,
    'raw.stripe_coupon' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__coupons') }} as stripe
