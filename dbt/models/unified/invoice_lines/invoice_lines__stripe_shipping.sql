{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('invoice_lines')) }}
-- depends_on: {{ ref('stg_stripe__invoices__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    shipping - ifNull(shipping_tax, 0) as net,
    {{ iso_minor('net', 'iso_code') }} as iso_net,
    {{ iso_minor('shipping_tax', 'iso_code') }} as iso_tax
select
    workspace_id,
    connection_id,
    concat(stripe.id, ':shipping') as id,
    'stripe' as provider,
    stripe.id as invoice_id,
    'shipping' as type,
    iso_code as currency,
    iso_net as amount_minor,
    toNullable(toInt64(0)) as discount_minor,
    iso_tax as tax_minor,
    toNullable(toInt64(0)) as inclusive_tax_minor,
    false as is_proration,
    'Shipping' as description,
    'embedded' as origin,
    'raw.stripe_invoice' as source_table,
    stripe.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__invoices') }} as stripe
where shipping != 0
