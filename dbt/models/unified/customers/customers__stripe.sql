{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('customers')) }}
-- depends_on: {{ ref('stg_stripe__customers__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('balance', 'iso_code') }} as iso_balance
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    name,
    email,
    country,
    iso_code as currency,
    iso_balance as balance_minor,
    delinquent,
    coalesce(default_payment_method_id, default_source_id) as default_payment_method_id,
    created_at,
    'raw.stripe_customer' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__customers') }} as stripe
