{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__invoices')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('sales') }},
    DueDate Nullable(String),
    CustomerRef Tuple(value Nullable(String), name Nullable(String)),
    Balance Nullable(String)
)') as object
select
    {{ quickbooks_document_columns('sales') }},
    toDate32({{ iso_time('(object).DueDate') }}) as due_on,
    (object).CustomerRef.value as customer_id,
    (object).CustomerRef.name as customer_name,
    (object).Balance as balance
from {{ source('quickbooks', 'quickbooks_invoice') }}
