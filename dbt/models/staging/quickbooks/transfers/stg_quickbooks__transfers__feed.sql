{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__transfers')) }}
with JSONExtract(payload, 'Tuple(
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    FromAccountRef Tuple(
        value Nullable(String)
    ),
    ToAccountRef Tuple(
        value Nullable(String)
    ),
    Amount Nullable(String),
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
    (object).FromAccountRef.value as from_account_id,
    (object).ToAccountRef.value as to_account_id,
    (object).Amount as amount,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_transfer') }}
