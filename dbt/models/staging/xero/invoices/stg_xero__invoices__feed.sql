{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__invoices')) }}
with JSONExtract(payload, 'Tuple(
    InvoiceNumber Nullable(String),
    Type Nullable(String),
    Status Nullable(String),
    Date Nullable(String),
    DueDate Nullable(String),
    Reference Nullable(String),
    CurrencyCode Nullable(String),
    CurrencyRate Nullable(String),
    Contact Tuple(
        ContactID Nullable(String),
        Name Nullable(String)
    ),
    LineAmountTypes Nullable(String),
    SubTotal Nullable(String),
    TotalTax Nullable(String),
    Total Nullable(String),
    AmountDue Nullable(String),
    AmountPaid Nullable(String),
    AmountCredited Nullable(String),
    UpdatedDateUTC Nullable(String),
    LineItems Array(Tuple(
        LineItemID Nullable(String),
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
    (object).InvoiceNumber as number,
    (object).Type as type,
    (object).Status as status,
    toDate32({{ json_date_time('(object).Date') }}) as issued_on,
    toDate32({{ json_date_time('(object).DueDate') }}) as due_on,
    (object).Reference as reference,
    (object).CurrencyCode as currency,
    (object).CurrencyRate as exchange_rate,
    (object).Contact.ContactID as contact_id,
    (object).Contact.Name as contact_name,
    (object).LineAmountTypes as line_amount_types,
    (object).SubTotal as subtotal,
    (object).TotalTax as total_tax,
    (object).Total as total,
    (object).AmountDue as amount_due,
    (object).AmountPaid as amount_paid,
    (object).AmountCredited as amount_credited,
    {{ json_date_time('(object).UpdatedDateUTC') }} as updated_at,
    arrayMap(line -> tuple(
        (line).LineItemID, (line).AccountID, (line).AccountCode, (line).LineAmount, (line).TaxAmount, (line).TaxType, (line).Description
    ), (object).LineItems) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_invoice') }}
