{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__payouts__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    -amount as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    'payout' as type,
    multiIf(
        stripe.status = 'paid', 'succeeded',
        stripe.status in ('pending', 'in_transit'), 'pending',
        stripe.status in ('failed', 'canceled'), assumeNotNull(stripe.status),
        'unknown') as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    arrives_at as posted_at,
    description,
    destination_id as counterparty,
    original_payout_id as parent_id,
    failure_code,
    stripe.type as payment_method_type,
    'raw.stripe_payout' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__payouts') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
