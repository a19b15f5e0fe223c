{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('transactions')) }}
-- depends_on: {{ ref('stg_teller__transactions__feed') }}
with {{ iso_currency('teller.currency') }} as iso_code,
    {{ decimal_minor('amount', 'iso_code') }} as wire_minor,
    {{ decimal_minor('running_balance', 'iso_code') }} as wire_balance,
    multiIf(account_type = 'depository', wire_minor, account_type = 'credit', -wire_minor, null) as signed_minor,
    teller.status = 'pending' as is_pending
select
    workspace_id,
    connection_id,
    id,
    'teller' as provider,
    ifNull(account_id, '') as account_id,
    multiIf(
        teller.type in ('card_payment', 'fee', 'interest', 'transfer', 'adjustment'), assumeNotNull(teller.type),
        teller.type = 'wire', 'transfer',
        teller.type in ('atm', 'withdrawal'), 'cash',
        teller.type = 'check', 'cheque',
        'payment') as type,
    if(ifNull(is_pending, false), 'pending', 'succeeded') as status,
    ifNull(signed_minor, 0) as amount_minor,
    ifNull(iso_code, '') as currency,
    ifNull(toDateTime64(dated_on, 3, 'UTC'), toDateTime64(0, 3, 'UTC')) as occurred_at,
    if(is_pending, null, toDateTime64(dated_on, 3, 'UTC')) as posted_at,
    if(is_pending, null, dated_on) as booked_on,
    description,
    counterparty_name as counterparty,
    category as provider_category,
    if(account_type = 'credit', -wire_balance, wire_balance) as balance_after_minor,
    'raw.teller_transaction' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_teller__transactions') }} as teller
where is_deleted
    or (account_id is not null and signed_minor is not null and iso_code is not null and dated_on is not null
        and teller.status in ('posted', 'pending') and not startsWith(id, 'sha256_'))
