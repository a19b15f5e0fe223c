{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_items')) }}
-- depends_on: {{ ref('stg_stripe__subscription_items__feed') }}
-- depends_on: {{ ref('stg_stripe__subscription_items__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('unit_amount', 'iso_code') }} as iso_unit_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    subscription_id,
    price_id,
    product_id,
    quantity,
    iso_code as currency,
    iso_unit_amount as unit_amount_minor,
    interval,
    interval_count,
    usage_type,
    billing_scheme,
    created_at,
    period_started_at,
    period_ends_at,
    origin,
    'raw.stripe_subscription_item' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__subscription_items') }} as stripe
