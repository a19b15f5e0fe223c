{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_plaid__transactions__feed') }}
with {{ iso_currency('plaid.currency') }} as iso_code,
    {{ decimal_minor('amount', 'iso_code') }} as out_minor,
    ifNull(plaid.pending, false) as is_pending,
    coalesce(authorized_at, toDateTime64(authorized_on, 3, 'UTC'), dated_at, toDateTime64(dated_on, 3, 'UTC')) as began_at
select
    workspace_id,
    connection_id,
    id,
    'plaid' as provider,
    ifNull(account_id, '') as account_id,
    multiIf(
        notEmpty(ifNull(check_number, '')) or transaction_code = 'cheque', 'cheque',
        transaction_code = 'direct debit', 'direct_debit',
        transaction_code = 'interest'
            or category_detailed in ('INCOME_INTEREST_EARNED', 'BANK_FEES_INTEREST_CHARGE'), 'interest',
        transaction_code = 'bank charge' or category = 'BANK_FEES', 'fee',
        transaction_code in ('atm', 'cash') or category_detailed = 'TRANSFER_OUT_WITHDRAWAL', 'cash',
        transaction_code in ('transfer', 'standing order') or category in ('TRANSFER_IN', 'TRANSFER_OUT'), 'transfer',
        transaction_code = 'purchase' or payment_channel = 'in store', 'card_payment',
        'payment') as type,
    if(is_pending, 'pending', 'succeeded') as status,
    ifNull(-out_minor, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(began_at, toDateTime64(0, 3, 'UTC')) as occurred_at,
    if(is_pending, null, ifNull(dated_at, toDateTime64(dated_on, 3, 'UTC'))) as posted_at,
    if(is_pending, null, dated_on) as booked_on,
    ifNull(original_description, plaid.name) as description,
    coalesce(counterparty_name, merchant_name, if(out_minor > 0, payee, payer)) as counterparty,
    coalesce(reference_number, check_number, ppd_id) as reference,
    category_detailed as provider_category,
    pending_transaction_id as pending_id,
    'raw.plaid_transaction' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_plaid__transactions') }} as plaid
where is_deleted
    or (account_id is not null and out_minor is not null and iso_code is not null and dated_on is not null
        and plaid.pending is not null and not startsWith(id, 'sha256_'))
