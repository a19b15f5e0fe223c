{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('prices')) }}
-- depends_on: {{ ref('stg_stripe__prices__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('unit_amount', 'iso_code') }} as iso_unit_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    product_id,
    active,
    iso_code as currency,
    iso_unit_amount as unit_amount_minor,
    {{ iso_minor("unit_amount_decimal", "iso_code", exact=true) }} as unit_amount_exact,
    type,
    interval,
    interval_count,
    usage_type,
    meter_id,
    billing_scheme,
    divide_by,
    divide_round,
    nickname,
    created_at,
    'raw.stripe_price' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__prices') }} as stripe
