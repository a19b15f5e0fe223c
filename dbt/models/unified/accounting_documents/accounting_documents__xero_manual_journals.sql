{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_xero__manual_journals__feed') }}
with ifNull(line_amount_types = 'Inclusive', false) as includes_tax
select
    workspace_id,
    connection_id,
    concat('manual_journal/', source.id) as id,
    'xero' as provider,
    'journal' as type,
    multiIf(
        source.status in ('AUTHORISED', 'PAID', 'POSTED'), 'posted',
        source.status in ('DRAFT', 'SUBMITTED'), 'draft',
        source.status = 'VOIDED', 'voided',
        source.status = 'DELETED', 'deleted',
        'unknown') as status,
    cast(null as Nullable(String)) as number,
    cast(null as Nullable(String)) as contact_id,
    cast(null as Nullable(String)) as contact_name,
    cast(null as Nullable(String)) as currency,
    cast(null as Nullable(String)) as currency_account_id,
    cast(null as Nullable(String)) as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.narration as description,
    cast(null as Nullable(String)) as total,
    if(status = 'posted', arrayConcat(
        arrayMap(
            line -> ((line).account_id, (line).account_code, 'line', toInt8(1), (line).amount, if(includes_tax, (line).tax, null), (line).description),
            arrayFilter(line -> (line).amount is not null, lines)),
        arrayMap(
            line -> (cast(null as Nullable(String)), cast(null as Nullable(String)), 'tax', toInt8(1), (line).tax, cast(null as Nullable(String)), (line).description),
            arrayFilter(line -> (line).tax is not null, lines))), []) as entries,
    'raw.xero_manual_journal' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__manual_journals') }} as source
where is_deleted or (source.issued_on is not null and source.status is not null)
