{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__deposits')) }}
with JSONExtract(payload, 'Tuple(
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    DepositToAccountRef Tuple(
        value Nullable(String)
    ),
    CashBack Tuple(
        AccountRef Tuple(
            value Nullable(String)
        ),
        Amount Nullable(String)
    ),
    TotalAmt Nullable(String),
    SyncToken Nullable(String),
    MetaData Tuple(
        CreateTime Nullable(String),
        LastUpdatedTime Nullable(String)
    ),
    Line Array(Tuple(
        Id Nullable(String),
        Description Nullable(String),
        Amount Nullable(String),
        DetailType Nullable(String),
        DepositLineDetail Tuple(
            AccountRef Tuple(
                value Nullable(String)
            )
        )
    ))
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
    (object).DepositToAccountRef.value as deposit_account_id,
    (object).CashBack.AccountRef.value as cash_back_account_id,
    (object).CashBack.Amount as cash_back,
    (object).TotalAmt as total,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    arrayMap(line -> tuple(
        (line).Id, (line).DetailType, (line).DepositLineDetail.AccountRef.value, (line).Amount, (line).Description
    ), (object).Line) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_deposit') }}
