{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__payments')) }}
with JSONExtract(payload, 'Tuple(
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    PaymentRefNum Nullable(String),
    CustomerRef Tuple(
        value Nullable(String),
        name Nullable(String)
    ),
    DepositToAccountRef Tuple(
        value Nullable(String)
    ),
    ARAccountRef Tuple(
        value Nullable(String)
    ),
    TotalAmt Nullable(String),
    UnappliedAmt Nullable(String),
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
    toDate32({{ iso_time('(object).TxnDate') }}) as issued_on,
    (object).CurrencyRef.value as currency,
    (object).ExchangeRate as exchange_rate,
    (object).PrivateNote as memo,
    (object).PaymentRefNum as number,
    (object).CustomerRef.value as customer_id,
    (object).CustomerRef.name as customer_name,
    (object).DepositToAccountRef.value as deposit_account_id,
    (object).ARAccountRef.value as receivable_account_id,
    (object).TotalAmt as total,
    (object).UnappliedAmt as unapplied,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_payment') }}
