{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('payments')) }}
-- depends_on: {{ ref('stg_stripe__payment_intents__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount,
    {{ iso_minor('amount_received', 'iso_code') }} as iso_amount_received
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    customer_id,
    status,
    iso_code as currency,
    iso_amount as amount_minor,
    iso_amount_received as amount_received_minor,
    latest_charge_id,
    payment_method_id,
    invoice_id,
    error_code as failure_code,
    error_decline_code as decline_code,
    created_at,
    canceled_at,
    description,
    'raw.stripe_payment_intent' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__payment_intents') }} as stripe
