{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__vendor_credits')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('purchases') }},
    VendorRef Tuple(value Nullable(String), name Nullable(String)),
    APAccountRef Tuple(value Nullable(String))
)') as object
select
    {{ quickbooks_document_columns('purchases') }},
    (object).VendorRef.value as vendor_id,
    (object).VendorRef.name as vendor_name,
    (object).APAccountRef.value as payable_account_id
from {{ source('quickbooks', 'quickbooks_vendor_credit') }}
