{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__balance_transactions__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    amount as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    if(endsWith(ifNull(stripe.type, ''), '_fee') or stripe.type = 'network_cost', 'fee', 'adjustment') as type,
    'succeeded' as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    available_at as posted_at,
    description,
    stripe.source_id as parent_id,
    'raw.stripe_balance_transaction' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__balance_transactions') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
    -- Lines that are the shadow of an object which has a row of its own would count it twice.
    and ifNull(stripe.type, '') not in (
        'charge', 'payment', 'payment_reversal', 'payment_failure_refund', 'refund', 'payment_refund',
        'refund_failure', 'payout', 'payout_cancel', 'payout_failure', 'transfer', 'transfer_cancel',
        'transfer_failure', 'transfer_refund', 'application_fee', 'application_fee_refund', 'topup', 'topup_reversal')
    and ifNull(reporting_category, '') not in ('dispute', 'dispute_reversal')
    and not match(ifNull(stripe.source_id, ''), '^d[pu]_')
