{{ config(materialized='view') }}
select * from (
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, 'raw.teller_transaction' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        if(startsWith(id, 'sha256_'), 'id is missing or unreadable', ''),
        if(account_id is null, 'account.id is missing or unreadable', ''),
        if(ifNull(account_type, '') not in ('depository', 'credit'), 'account.type is missing or unknown', ''),
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(dated_on is null, 'date is missing or unreadable', ''),
        if(ifNull(status, '') not in ('posted', 'pending'), 'status is missing or unknown', '')
    ]) as reasons
from {{ newest(ref('stg_teller__transactions')) }}
where notEmpty(reasons)
) union all select * from (
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, 'raw.teller_balance' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        if(account_id is null, 'account.id is missing or unreadable', ''),
        if(ifNull(account_type, '') not in ('depository', 'credit'), 'account.type is missing or unknown', ''),
        if(ledger is null, '', {{ amount_reason('ledger', 'iso_code') }}),
        if(available is null, '', {{ amount_reason('available', 'iso_code') }}),
        if(iso_code is null, 'currency is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_teller__balances')) }}
where notEmpty(reasons)
)
