{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__refund_receipts')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('sales') }},
    CustomerRef Tuple(value Nullable(String), name Nullable(String)),
    DepositToAccountRef Tuple(value Nullable(String))
)') as object
select
    {{ quickbooks_document_columns('sales') }},
    (object).CustomerRef.value as customer_id,
    (object).CustomerRef.name as customer_name,
    (object).DepositToAccountRef.value as deposit_account_id
from {{ source('quickbooks', 'quickbooks_refund_receipt') }}
