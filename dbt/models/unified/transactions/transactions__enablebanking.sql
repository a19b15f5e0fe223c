{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_enablebanking__transactions__feed') }}
with {{ iso_currency('bank.currency') }} as iso_code,
    {{ iso_currency('bank.original_currency') }} as original_code,
    abs({{ decimal_minor('bank.amount', 'iso_code') }}) as wire_minor,
    multiIf(credit_debit_indicator = 'CRDT', wire_minor, credit_debit_indicator = 'DBIT', -wire_minor, null) as signed_minor,
    abs({{ decimal_minor('bank.original_amount', 'original_code') }}) as original_minor,
    ifNull(bank.status in ('PDNG', 'HOLD', 'SCHD'), false) as is_pending,
    ifNull(code_family, '') as family,
    ifNull(code_sub_family, '') as sub_family
select
    workspace_id,
    connection_id,
    id,
    'enablebanking' as provider,
    account_id,
    multiIf(
        sub_family in ('CHRG', 'COMM', 'FEES', 'TAXE'), 'fee',
        sub_family in ('INTR', 'INTP'), 'interest',
        family in ('CCRD', 'MCRD') and sub_family = 'RIMB' and signed_minor >= 0, 'refund',
        family in ('CCRD', 'MCRD') and sub_family in ('CWDL', 'CDPT') or family = 'CNTR', 'cash',
        family in ('CCRD', 'MCRD'), 'card_payment',
        family in ('RCDT', 'ICDT', 'RRCT', 'IRCT'), 'transfer',
        family in ('RDDT', 'IDDT'), 'direct_debit',
        family in ('RCHQ', 'ICHQ'), 'cheque',
        'payment') as type,
    multiIf(is_pending, 'pending', bank.status in ('CNCL', 'RJCT'), 'canceled', 'succeeded') as status,
    ifNull(signed_minor, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(toDateTime64(bank.booked_on, 3, 'UTC'), toDateTime64(0, 3, 'UTC')) as occurred_at,
    if(is_pending, null, toDateTime64(ifNull(valued_on, bank.booked_on), 3, 'UTC')) as posted_at,
    if(is_pending, null, bank.booked_on) as booked_on,
    description,
    if(signed_minor < 0, creditor_name, debtor_name) as counterparty,
    if(signed_minor < 0, creditor_iban, debtor_iban) as counterparty_account,
    reference_number as reference,
    merchant_category_code,
    code_description as provider_category,
    if(signed_minor < 0, -original_minor, original_minor) as original_amount_minor,
    original_code as original_currency,
    {{ decimal_minor('bank.balance_after', 'iso_code') }} as balance_after_minor,
    'raw.enablebanking_transaction' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_enablebanking__transactions') }} as bank
where is_deleted
    or (signed_minor is not null and iso_code is not null and bank.booked_on is not null
        and bank.status in ('BOOK', 'PDNG', 'HOLD', 'SCHD', 'CNCL', 'RJCT', 'OTHR'))
