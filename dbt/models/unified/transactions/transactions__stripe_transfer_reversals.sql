{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__transfer_reversals__feed') }}
-- depends_on: {{ ref('stg_stripe__transfer_reversals__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    amount as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    'transfer_reversal' as type,
    'succeeded' as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    transfer_id as parent_id,
    'raw.stripe_transfer_reversal' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__transfer_reversals') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
