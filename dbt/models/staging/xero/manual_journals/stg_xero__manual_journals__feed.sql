{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__manual_journals')) }}
with JSONExtract(payload, 'Tuple(
    Status Nullable(String),
    Date Nullable(String),
    Narration Nullable(String),
    LineAmountTypes Nullable(String),
    UpdatedDateUTC Nullable(String),
    JournalLines Array(Tuple(
        Description Nullable(String),
        AccountID Nullable(String),
        AccountCode Nullable(String),
        LineAmount Nullable(String),
        TaxAmount Nullable(String),
        TaxType Nullable(String)
    ))
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Status as status,
    toDate32({{ json_date_time('(object).Date') }}) as issued_on,
    (object).Narration as narration,
    (object).LineAmountTypes as line_amount_types,
    {{ json_date_time('(object).UpdatedDateUTC') }} as updated_at,
    arrayMap(line -> tuple(
        cast(null as Nullable(String)), (line).AccountID, (line).AccountCode, (line).LineAmount, (line).TaxAmount, (line).TaxType, (line).Description
    ), (object).JournalLines) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_manual_journal') }}
