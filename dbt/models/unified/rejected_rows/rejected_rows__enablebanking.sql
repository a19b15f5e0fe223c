{{ config(materialized='view') }}
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, 'raw.enablebanking_transaction' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(booked_on is null, 'date is missing or unreadable', ''),
        if(ifNull(credit_debit_indicator, '') not in ('CRDT', 'DBIT'), 'credit_debit_indicator is missing or unknown', ''),
        if(ifNull(status, '') not in ('BOOK', 'PDNG', 'HOLD', 'SCHD', 'CNCL', 'RJCT', 'OTHR'), 'status is missing or unknown', '')
    ]) as reasons
from {{ newest(ref('stg_enablebanking__transactions')) }}
where notEmpty(reasons)
union all
select workspace_id, connection_id, 'raw.enablebanking_balance' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(kind is null, 'kind is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_enablebanking__balances')) }}
where notEmpty(reasons)
