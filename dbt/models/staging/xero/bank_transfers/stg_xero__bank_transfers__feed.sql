{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__bank_transfers')) }}
with JSONExtract(payload, 'Tuple(
    Status Nullable(String),
    Date Nullable(String),
    Reference Nullable(String),
    CurrencyRate Nullable(String),
    Amount Nullable(String),
    FromBankAccount Tuple(
        AccountID Nullable(String)
    ),
    ToBankAccount Tuple(
        AccountID Nullable(String)
    ),
    CreatedDateUTC Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Status as status,
    toDate32({{ json_date_time('(object).Date') }}) as issued_on,
    (object).Reference as reference,
    (object).CurrencyRate as exchange_rate,
    (object).Amount as amount,
    (object).FromBankAccount.AccountID as from_account_id,
    (object).ToBankAccount.AccountID as to_account_id,
    {{ json_date_time('(object).CreatedDateUTC') }} as created_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_bank_transfer') }}
