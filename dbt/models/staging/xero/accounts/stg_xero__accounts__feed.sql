{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_xero__accounts')) }}
with JSONExtract(payload, 'Tuple(
    Name Nullable(String),
    Code Nullable(String),
    Class Nullable(String),
    Type Nullable(String),
    SystemAccount Nullable(String),
    CurrencyCode Nullable(String),
    BankAccountNumber Nullable(String),
    Status Nullable(String),
    UpdatedDateUTC Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).Name as name,
    (object).Code as code,
    (object).Class as classification,
    (object).Type as type,
    (object).SystemAccount as system_account,
    (object).CurrencyCode as currency,
    (object).BankAccountNumber as bank_account_number,
    (object).Status as status,
    {{ json_date_time('(object).UpdatedDateUTC') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('xero', 'xero_account') }}
