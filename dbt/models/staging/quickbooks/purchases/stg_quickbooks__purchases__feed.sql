{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__purchases')) }}
with JSONExtract(payload, 'Tuple(
    {{ quickbooks_document_fields('purchases') }},
    AccountRef Tuple(value Nullable(String)),
    PaymentType Nullable(String),
    Credit Nullable(String),
    EntityRef Tuple(value Nullable(String), name Nullable(String), type Nullable(String))
)') as object
select
    {{ quickbooks_document_columns('purchases') }},
    (object).AccountRef.value as account_id,
    (object).PaymentType as payment_type,
    if((object).Credit in ('true', 'false'), (object).Credit = 'true', null) as is_credit,
    (object).EntityRef.value as contact_id,
    (object).EntityRef.name as contact_name,
    (object).EntityRef.type as contact_type
from {{ source('quickbooks', 'quickbooks_purchase') }}
