{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__journals')) }}
with JSONExtract(payload, 'Tuple(
    JournalNumber Nullable(String),
    JournalDate Nullable(String),
    CreatedDateUTC Nullable(String),
    SourceID Nullable(String),
    SourceType Nullable(String),
    Reference Nullable(String),
    JournalLines Array(Tuple(
        JournalLineID Nullable(String),
        AccountID Nullable(String),
        AccountCode Nullable(String),
        NetAmount Nullable(String),
        TaxAmount Nullable(String),
        GrossAmount Nullable(String),
        Description Nullable(String)
    ))
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).JournalNumber) as number,
    toDate32({{ json_date_time('(object).JournalDate') }}) as issued_on,
    {{ json_date_time('(object).CreatedDateUTC') }} as created_at,
    (object).SourceID as source_id,
    (object).SourceType as source_type,
    (object).Reference as reference,
    arrayMap(line -> tuple(
        (line).JournalLineID, (line).AccountID, (line).AccountCode, (line).NetAmount, (line).TaxAmount, (line).GrossAmount, (line).Description
    ), (object).JournalLines) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_journal') }}
