{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_quickbooks__deposits__feed') }}
select
    workspace_id,
    connection_id,
    concat('deposit/', source.id) as id,
    'quickbooks' as provider,
    'deposit' as type,
    multiIf(match(ifNull(memo, ''), '^Voided') and match(ifNull(total, ''), '^0([.]0*)?$'), 'voided', 'posted') as status,
    source.number as number,
    cast(null as Nullable(String)) as contact_id,
    cast(null as Nullable(String)) as contact_name,
    {{ iso_currency('source.currency') }} as currency,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.memo as description,
    source.total as total,
    if(status = 'posted', arrayConcat(
        [(deposit_account_id, cast(null as Nullable(String)), 'bank', toInt8(1), source.total, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        if(cash_back is null, [], [(cash_back_account_id, cast(null as Nullable(String)), 'line', toInt8(1), cash_back, cast(null as Nullable(String)), cast(null as Nullable(String)))]),
        arrayMap(
            line -> ((line).account_id, cast(null as Nullable(String)), if((line).account_id is null, 'undeposited_funds', 'line'), toInt8(-1), (line).amount, cast(null as Nullable(String)), (line).description),
            lines)), []) as entries,
    'raw.quickbooks_deposit' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__deposits') }} as source
where is_deleted or (source.issued_on is not null and source.total is not null)
