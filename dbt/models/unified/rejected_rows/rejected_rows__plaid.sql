{{ config(materialized='view') }}
select * from (
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, 'raw.plaid_transaction' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        if(startsWith(id, 'sha256_'), 'transaction_id is missing or unreadable', ''),
        if(account_id is null, 'account_id is missing or unreadable', ''),
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(dated_on is null, 'date is missing or unreadable', ''),
        if(pending is null, 'pending is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_plaid__transactions')) }}
where notEmpty(reasons)
) union all select * from (
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, 'raw.plaid_balance' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        if(account_id is null, 'account_id is missing or unreadable', ''),
        if(account_type is null, 'type is missing or unreadable', ''),
        if(current is null, '', {{ amount_reason('current', 'iso_code') }}),
        if(available is null, '', {{ amount_reason('available', 'iso_code') }}),
        if(iso_code is null, 'currency is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_plaid__balances')) }}
where notEmpty(reasons)
)
