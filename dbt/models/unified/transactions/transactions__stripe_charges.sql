{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__charges__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    if(ifNull(stripe.status = 'succeeded' and captured, false), ifNull(amount_captured, amount), amount) as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    'charge' as type,
    multiIf(
        stripe.status = 'succeeded' and captured, 'succeeded',
        stripe.status = 'succeeded' and refunded, 'canceled',
        stripe.status = 'succeeded', 'authorized',
        stripe.status in ('pending', 'failed'), assumeNotNull(stripe.status),
        'unknown') as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    description,
    customer_id,
    ifNull(billing_name, billing_email) as counterparty,
    invoice_id,
    payment_intent_id as payment_id,
    failure_code,
    if(stripe.status = 'failed', outcome_reason, null) as decline_code,
    payment_method_type,
    'raw.stripe_charge' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__charges') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
