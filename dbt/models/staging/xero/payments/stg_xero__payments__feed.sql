{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__payments')) }}
with JSONExtract(payload, 'Tuple(
    PaymentType Nullable(String),
    Status Nullable(String),
    Date Nullable(String),
    Reference Nullable(String),
    CurrencyRate Nullable(String),
    Amount Nullable(String),
    Account Tuple(
        AccountID Nullable(String),
        Code Nullable(String)
    ),
    Invoice Tuple(
        InvoiceID Nullable(String),
        InvoiceNumber Nullable(String),
        CurrencyCode Nullable(String),
        Contact Tuple(
            ContactID Nullable(String),
            Name Nullable(String)
        )
    ),
    CreditNote Tuple(
        CreditNoteID Nullable(String),
        CurrencyCode Nullable(String),
        Contact Tuple(
            ContactID Nullable(String)
        )
    ),
    IsReconciled Nullable(String),
    UpdatedDateUTC Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).PaymentType as type,
    (object).Status as status,
    toDate32({{ json_date_time('(object).Date') }}) as issued_on,
    (object).Reference as reference,
    (object).CurrencyRate as exchange_rate,
    (object).Amount as amount,
    (object).Account.AccountID as account_id,
    (object).Account.Code as account_code,
    (object).Invoice.InvoiceID as invoice_id,
    (object).Invoice.InvoiceNumber as invoice_number,
    (object).Invoice.CurrencyCode as invoice_currency,
    (object).Invoice.Contact.ContactID as invoice_contact_id,
    (object).Invoice.Contact.Name as invoice_contact_name,
    (object).CreditNote.CreditNoteID as credit_note_id,
    (object).CreditNote.CurrencyCode as credit_note_currency,
    (object).CreditNote.Contact.ContactID as credit_note_contact_id,
    if((object).IsReconciled in ('true', 'false'), (object).IsReconciled = 'true', null) as is_reconciled,
    {{ json_date_time('(object).UpdatedDateUTC') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_payment') }}
