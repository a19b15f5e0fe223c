{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('invoice_lines')) }}
-- depends_on: {{ ref('stg_stripe__invoice_lines__feed') }}
-- depends_on: {{ ref('stg_stripe__invoice_lines__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount,
    {{ iso_minor('discount', 'iso_code') }} as iso_discount,
    {{ iso_minor('tax', 'iso_code') }} as iso_tax,
    {{ iso_minor('inclusive_tax', 'iso_code') }} as iso_inclusive_tax
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    invoice_id,
    type,
    subscription_id,
    subscription_item_id,
    invoice_item_id,
    price_id,
    iso_code as currency,
    iso_amount as amount_minor,
    iso_discount as discount_minor,
    iso_tax as tax_minor,
    iso_inclusive_tax as inclusive_tax_minor,
    discount_ids,
    quantity,
    ifNull(proration, false) as is_proration,
    period_starts_at,
    period_ends_at,
    description,
    origin,
    if(origin = 'listed', 'raw.stripe_line_item', 'raw.stripe_invoice') as source_table,
    if(origin = 'listed', id, invoice_id) as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__invoice_lines') }} as stripe
