{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('disputes')) }}
-- depends_on: {{ ref('stg_stripe__disputes__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    charge_id,
    payment_intent_id as payment_id,
    status,
    reason,
    network_reason_code,
    iso_code as currency,
    iso_amount as amount_minor,
    created_at,
    due_at,
    'raw.stripe_dispute' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__disputes') }} as stripe
