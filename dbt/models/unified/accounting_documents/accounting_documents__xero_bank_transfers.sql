{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_xero__bank_transfers__feed') }}
select
    workspace_id,
    connection_id,
    concat('bank_transfer/', source.id) as id,
    'xero' as provider,
    'transfer' as type,
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
    source.from_account_id as currency_account_id,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.reference as description,
    source.amount as total,
    if(status = 'posted', arrayConcat(
        [(to_account_id, cast(null as Nullable(String)), 'bank', toInt8(1), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        [(from_account_id, cast(null as Nullable(String)), 'bank', toInt8(-1), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))]), []) as entries,
    'raw.xero_bank_transfer' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__bank_transfers') }} as source
where is_deleted or (source.issued_on is not null and source.status is not null and source.amount is not null)
