{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_quickbooks__journal_entries__feed') }}
select
    workspace_id,
    connection_id,
    concat('journal_entry/', source.id) as id,
    'quickbooks' as provider,
    'journal' as type,
    multiIf(match(ifNull(memo, ''), '^Voided'), 'voided', arrayExists(line -> ifNull((line).posting, '') not in ('Debit', 'Credit'), lines), 'unknown', 'posted') as status,
    source.number as number,
    cast(null as Nullable(String)) as contact_id,
    cast(null as Nullable(String)) as contact_name,
    {{ iso_currency('source.currency') }} as currency,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.memo as description,
    cast(null as Nullable(String)) as total,
    if(status = 'posted', arrayMap(
        line -> ((line).account_id, cast(null as Nullable(String)), 'line', toInt8(multiIf((line).posting = 'Debit', 1, (line).posting = 'Credit', -1, 0)), (line).amount, cast(null as Nullable(String)), (line).description),
        lines), []) as entries,
    'raw.quickbooks_journal_entry' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_quickbooks__journal_entries') }} as source
where is_deleted or (source.issued_on is not null)
