{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__credit_memos')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('sales') }},
    CustomerRef Tuple(value Nullable(String), name Nullable(String)),
    Balance Nullable(String)
)') as object
select
    {{ quickbooks_document_columns('sales') }},
    (object).CustomerRef.value as customer_id,
    (object).CustomerRef.name as customer_name,
    (object).Balance as balance
from {{ source('quickbooks', 'quickbooks_credit_memo') }}
