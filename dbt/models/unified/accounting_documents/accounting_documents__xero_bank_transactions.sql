{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_xero__bank_transactions__feed') }}
with multiIf(startsWith(ifNull(source.type, ''), 'RECEIVE'), 1, startsWith(ifNull(source.type, ''), 'SPEND'), -1, 0) as own_direction,
    ifNull(line_amount_types = 'Inclusive', false) as includes_tax
select
    workspace_id,
    connection_id,
    concat('bank_transaction/', source.id) as id,
    'xero' as provider,
    multiIf(endsWith(ifNull(source.type, ''), '-TRANSFER'), 'transfer_leg', startsWith(ifNull(source.type, ''), 'RECEIVE'), 'receipt', 'purchase') as type,
    multiIf(
        own_direction = 0, 'unknown',
        source.status in ('AUTHORISED', 'PAID', 'POSTED'), 'posted',
        source.status in ('DRAFT', 'SUBMITTED'), 'draft',
        source.status = 'VOIDED', 'voided',
        source.status = 'DELETED', 'deleted',
        'unknown') as status,
    cast(null as Nullable(String)) as number,
    source.contact_id as contact_id,
    source.contact_name as contact_name,
    {{ iso_currency('source.currency') }} as currency,
    cast(null as Nullable(String)) as currency_account_id,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.reference as description,
    source.total as total,
    if(status = 'posted', if(endsWith(ifNull(source.type, ''), '-TRANSFER'), [], arrayConcat(
        [(source.account_id, cast(source.account_code as Nullable(String)), 'bank', toInt8(own_direction), source.total, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        arrayMap(
            line -> ((line).account_id, (line).account_code, 'line', toInt8(-own_direction), (line).amount, if(includes_tax, (line).tax, null), (line).description),
            arrayFilter(line -> (line).amount is not null, lines)),
        if(total_tax is null, [], [(cast(null as Nullable(String)), cast(null as Nullable(String)), 'tax', toInt8(-own_direction), total_tax, cast(null as Nullable(String)), cast(null as Nullable(String)))]))), []) as entries,
    'raw.xero_bank_transaction' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__bank_transactions') }} as source
where is_deleted or (source.issued_on is not null and source.status is not null and source.total is not null)
