{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__application_fee_refunds__feed') }}
-- depends_on: {{ ref('stg_stripe__application_fee_refunds__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    -amount as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    'application_fee_refund' as type,
    'succeeded' as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    application_fee_id as parent_id,
    'raw.stripe_fee_refund' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__application_fee_refunds') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
