{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_stripe__refunds__feed') }}
-- depends_on: {{ ref('stg_stripe__refunds__embedded_feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    -amount as wire_amount,
    {{ iso_minor('wire_amount', 'iso_code') }} as iso_amount
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    'refund' as type,
    multiIf(
        -- Nothing was given back: an authorization expired, or was let go.
        stripe.status = 'succeeded' and balance_transaction_id is null, 'canceled',
        stripe.status in ('succeeded', 'failed', 'canceled'), assumeNotNull(stripe.status),
        stripe.status in ('pending', 'requires_action'), 'pending',
        -- Refunds from before Stripe gave them a status went through.
        stripe.status is null, 'succeeded',
        'unknown') as status,
    ifNull(iso_amount, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(created_at, toDateTime(0, 'UTC')) as occurred_at,
    coalesce(description, reason) as description,
    payment_intent_id as payment_id,
    charge_id as parent_id,
    failure_reason as failure_code,
    destination_type as payment_method_type,
    'raw.stripe_refund' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__refunds') }} as stripe
where (is_deleted or (iso_amount is not null and iso_code is not null and created_at is not null))
