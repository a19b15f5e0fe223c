{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('balance_transactions')) }}
-- depends_on: {{ ref('stg_stripe__balance_transactions__feed') }}
with {{ iso_currency('stripe.currency') }} as iso_code,
    {{ iso_minor('amount', 'iso_code') }} as iso_amount,
    {{ iso_minor('fee', 'iso_code') }} as iso_fee,
    {{ iso_minor('net', 'iso_code') }} as iso_net
select
    workspace_id,
    connection_id,
    id,
    'stripe' as provider,
    'stripe_balance' as account_id,
    type,
    reporting_category,
    status,
    iso_code as currency,
    iso_amount as amount_minor,
    iso_fee as fee_minor,
    iso_net as net_minor,
    created_at,
    available_at,
    stripe.source_id as transaction_id,
    exchange_rate,
    description,
    'raw.stripe_balance_transaction' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_stripe__balance_transactions') }} as stripe
where is_deleted or (iso_code is not null and iso_amount is not null and iso_fee is not null and iso_net is not null and created_at is not null)
