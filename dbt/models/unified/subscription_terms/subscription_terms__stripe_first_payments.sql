{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_terms')) }}
-- depends_on: {{ ref('stg_stripe__invoices__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('total', 'iso_code') }} as iso_total
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    ifNull(stripe.subscription_id, '') as subscription_id,
    'first_payment' as kind,
    ifNull(created_at, toDateTime(0, 'UTC')) as starts_at,
    iso_total as amount_minor,
    paid_at,
    iso_code as currency,
    'raw.stripe_invoice' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__invoices') }} as stripe
where stripe.subscription_id is not null and billing_reason = 'subscription_create'
