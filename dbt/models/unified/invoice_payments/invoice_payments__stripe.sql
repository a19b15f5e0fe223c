{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('invoice_payments')) }}
-- depends_on: {{ ref('stg_stripe__invoice_payments__feed') }}
-- depends_on: {{ ref('stg_stripe__invoice_payments__embedded_feed') }}
-- depends_on: {{ ref('stg_stripe__invoice_payments__legacy_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount_paid', 'iso_code') }} as iso_amount_paid,
    {{ iso_minor('amount_requested', 'iso_code') }} as iso_amount_requested
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    ifNull(invoice_id, '') as invoice_id,
    -- As attempts do it: a charge without a payment intent is a payment by itself.
    coalesce(payment_intent_id, charge_id, '') as payment_id,
    charge_id,
    status,
    is_default,
    iso_code as currency,
    iso_amount_paid as amount_paid_minor,
    iso_amount_requested as amount_requested_minor,
    created_at,
    paid_at,
    if(position(id, '/') > 0, 'raw.stripe_invoice', 'raw.stripe_invoice_payment') as source_table,
    splitByChar('/', id)[1] as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__invoice_payments') }} as stripe
