{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_quickbooks__credit_memos__feed') }}
select
    workspace_id,
    connection_id,
    concat('credit_memo/', source.id) as id,
    'quickbooks' as provider,
    'credit_note' as type,
    multiIf(match(ifNull(memo, ''), '^Voided') and match(ifNull(total, ''), '^0([.]0*)?$'), 'voided', 'posted') as status,
    source.number as number,
    concat('customer/', source.customer_id) as contact_id,
    source.customer_name as contact_name,
    {{ iso_currency('source.currency') }} as currency,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.memo as description,
    source.total as total,
    if(status = 'posted', arrayConcat(
        [(cast(null as Nullable(String)), cast(null as Nullable(String)), 'accounts_receivable', toInt8(-1), source.total, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        arrayMap(
            line -> ((line).account_id, cast(null as Nullable(String)), 'line', toInt8(1), (line).amount, cast(null as Nullable(String)), (line).description),
            arrayFilter(line -> (line).type in ('SalesItemLineDetail'), lines)),
        arrayMap(
            line -> ((line).account_id, cast(null as Nullable(String)), 'discount', toInt8(-1), (line).amount, cast(null as Nullable(String)), (line).description),
            arrayFilter(line -> (line).type = 'DiscountLineDetail', lines)),
        if(total_tax is null, [], [(cast(null as Nullable(String)), cast(null as Nullable(String)), 'tax', toInt8(1), total_tax, cast(null as Nullable(String)), cast(null as Nullable(String)))])), []) as entries,
    'raw.quickbooks_credit_memo' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__credit_memos') }} as source
where is_deleted or (source.issued_on is not null and source.total is not null)
