{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__bills')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('purchases') }},
    DueDate Nullable(String),
    VendorRef Tuple(value Nullable(String), name Nullable(String)),
    APAccountRef Tuple(value Nullable(String)),
    Balance Nullable(String)
)') as object
select
    {{ quickbooks_document_columns('purchases') }},
    toDate32({{ iso_time('(object).DueDate') }}) as due_on,
    (object).VendorRef.value as vendor_id,
    (object).VendorRef.name as vendor_name,
    (object).APAccountRef.value as payable_account_id,
    (object).Balance as balance
from {{ source('quickbooks', 'quickbooks_bill') }}
