{{ config(materialized='view') }}
with {{ iso_currency('currency') }} as iso_code
select workspace_id, connection_id, if(is_pending, 'raw.gocardless_pending_transaction', 'raw.gocardless_transaction') as source_table, raw_id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(booked_on is null, 'date is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_gocardless__transactions')) }}
where notEmpty(reasons)
union all
select workspace_id, connection_id, 'raw.gocardless_balance' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {{ amount_reason('amount', 'iso_code') }},
        if(iso_code is null, 'currency is missing or unreadable', ''),
        if(kind is null, 'kind is missing or unreadable', '')
    ]) as reasons
from {{ newest(ref('stg_gocardless__balances')) }}
where notEmpty(reasons)
