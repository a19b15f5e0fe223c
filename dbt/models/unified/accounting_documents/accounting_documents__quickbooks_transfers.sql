{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_quickbooks__transfers__feed') }}
select
    workspace_id,
    connection_id,
    concat('transfer/', source.id) as id,
    'quickbooks' as provider,
    'transfer' as type,
    multiIf(match(ifNull(memo, ''), '^Voided') and match(ifNull(amount, ''), '^0([.]0*)?$'), 'voided', 'posted') as status,
    cast(null as Nullable(String)) as number,
    cast(null as Nullable(String)) as contact_id,
    cast(null as Nullable(String)) as contact_name,
    {{ iso_currency('source.currency') }} as currency,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.memo as description,
    source.amount as total,
    if(status = 'posted', arrayConcat(
        [(to_account_id, cast(null as Nullable(String)), 'bank', toInt8(1), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        [(from_account_id, cast(null as Nullable(String)), 'bank', toInt8(-1), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))]), []) as entries,
    'raw.quickbooks_transfer' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__transfers') }} as source
where is_deleted or (source.issued_on is not null and source.amount is not null)
