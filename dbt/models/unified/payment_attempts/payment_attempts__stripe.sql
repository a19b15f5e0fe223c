{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('payment_attempts')) }}
-- depends_on: {{ ref('stg_stripe__charges__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount,
    {{ iso_minor('amount_captured', 'iso_code') }} as iso_amount_captured,
    {{ iso_minor('amount_refunded', 'iso_code') }} as iso_amount_refunded
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    ifNull(customer_id, '') as customer_id,
    coalesce(payment_intent_id, id) as payment_id,
    multiIf(
        stripe.status = 'succeeded' and captured, 'succeeded',
        stripe.status = 'succeeded' and refunded, 'canceled',
        stripe.status = 'succeeded', 'authorized',
        stripe.status) as status,
    iso_code as currency,
    iso_amount as amount_minor,
    iso_amount_captured as amount_captured_minor,
    iso_amount_refunded as amount_refunded_minor,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    failure_code,
    if(stripe.status = 'failed', coalesce(outcome_reason, failure_code), null) as decline_code,
    coalesce(advice_code, network_advice_code) as advice_code,
    payment_method_type,
    payment_method_id,
    failure_balance_transaction_id,
    balance_transaction_id,
    coalesce(card_country, billing_country) as payer_country,
    invoice_id,
    'raw.stripe_charge' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__charges') }} as stripe
where is_deleted or (iso_code is not null and iso_amount is not null and created_at is not null)
