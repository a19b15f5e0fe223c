{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions_by_time')) }}
-- depends_on: {{ ref('transactions__enablebanking') }}
-- depends_on: {{ ref('transactions__gocardless') }}
-- depends_on: {{ ref('transactions__plaid') }}
-- depends_on: {{ ref('transactions__stripe_application_fee_refunds') }}
-- depends_on: {{ ref('transactions__stripe_application_fees') }}
-- depends_on: {{ ref('transactions__stripe_balance_transactions') }}
-- depends_on: {{ ref('transactions__stripe_charges') }}
-- depends_on: {{ ref('transactions__stripe_disputes') }}
-- depends_on: {{ ref('transactions__stripe_payouts') }}
-- depends_on: {{ ref('transactions__stripe_refunds') }}
-- depends_on: {{ ref('transactions__stripe_topups') }}
-- depends_on: {{ ref('transactions__stripe_transfer_reversals') }}
-- depends_on: {{ ref('transactions__stripe_transfers') }}
-- depends_on: {{ ref('transactions__teller') }}
select
    workspace_id,
    -toUnixTimestamp64Milli(occurred_at) as newest_first,
    id,
    connection_id,
    provider,
    account_id,
    type,
    status,
    amount_minor,
    currency,
    customer_id,
    provider_category,
    description,
    counterparty,
    -- No names, which would be most of it. New columns go to the end, and serving.transactions.whole reads
    -- them in this order. Moments as numbers: nothing here depends on whose settings insert.
    toJSONString((
        provider, account_id, type, status, amount_minor, currency, original_amount_minor,
        original_currency, balance_after_minor, description, customer_id, counterparty,
        counterparty_account, reference, merchant_category_code, provider_category, invoice_id,
        payment_id, parent_id, pending_id, failure_code, decline_code, payment_method_type,
        toInt32(booked_on), toUnixTimestamp64Milli(posted_at)
    )) as whole,
    -- Stripe's times of creation never change.
    provider != 'stripe' or newest_first = 0 as may_displace,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('transactions') }}
