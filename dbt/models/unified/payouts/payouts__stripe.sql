{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('payouts')) }}
-- depends_on: {{ ref('stg_stripe__payouts__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    status,
    iso_code as currency,
    iso_amount as amount_minor,
    created_at,
    arrives_at,
    automatic as is_automatic,
    destination_id,
    method,
    statement_descriptor,
    trace_id,
    reconciliation_status,
    failure_code,
    original_payout_id,
    balance_transaction_id,
    'raw.stripe_payout' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__payouts') }} as stripe
