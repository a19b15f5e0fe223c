{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_terms')) }}
-- depends_on: {{ ref('stg_stripe__invoice_lines__feed') }}
-- depends_on: {{ ref('stg_stripe__invoice_lines__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount,
    {{ iso_minor('discount', 'iso_code') }} as iso_discount,
    {{ iso_minor('inclusive_tax', 'iso_code') }} as iso_inclusive_tax
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    ifNull(stripe.subscription_id, '') as subscription_id,
    multiIf(not ifNull(proration, false), 'period', amount < 0, 'removed', 'added') as kind,
    ifNull(period_starts_at, toDateTime(0, 'UTC')) as starts_at,
    period_ends_at as ends_at,
    price_id,
    quantity,
    iso_amount as amount_minor,
    iso_discount as discount_minor,
    iso_inclusive_tax as inclusive_tax_minor,
    iso_code as currency,
    if(origin = 'listed', 'raw.stripe_line_item', 'raw.stripe_invoice') as source_table,
    if(origin = 'listed', id, invoice_id) as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__invoice_lines') }} as stripe
where stripe.subscription_id is not null and period_starts_at is not null and (type = 'subscription' or proration)
