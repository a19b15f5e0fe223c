{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__bill_payments')) }}
with JSONExtract(payload, 'Tuple(
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    VendorRef Tuple(
        value Nullable(String),
        name Nullable(String)
    ),
    APAccountRef Tuple(
        value Nullable(String)
    ),
    PayType Nullable(String),
    CheckPayment Tuple(
        BankAccountRef Tuple(
            value Nullable(String)
        )
    ),
    CreditCardPayment Tuple(
        CCAccountRef Tuple(
            value Nullable(String)
        )
    ),
    TotalAmt Nullable(String),
    SyncToken Nullable(String),
    MetaData Tuple(
        CreateTime Nullable(String),
        LastUpdatedTime Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).DocNumber as number,
    toDate32({{ iso_time('(object).TxnDate') }}) as issued_on,
    (object).CurrencyRef.value as currency,
    (object).ExchangeRate as exchange_rate,
    (object).PrivateNote as memo,
    (object).VendorRef.value as vendor_id,
    (object).VendorRef.name as vendor_name,
    (object).APAccountRef.value as payable_account_id,
    (object).PayType as pay_type,
    (object).CheckPayment.BankAccountRef.value as bank_account_id,
    (object).CreditCardPayment.CCAccountRef.value as card_account_id,
    (object).TotalAmt as total,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_bill_payment') }}
