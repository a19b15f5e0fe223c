{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__balances')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    type Nullable(String),
    balances Tuple(
        current Nullable(String),
        available Nullable(String),
        limit Nullable(String),
        iso_currency_code Nullable(String),
        unofficial_currency_code Nullable(String),
        last_updated_datetime Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    (object).type as account_type,
    (object).balances.current as current,
    (object).balances.available as available,
    (object).balances.limit as credit_limit,
    (object).balances.iso_currency_code as currency,
    {{ iso_time('(object).balances.last_updated_datetime') }} as updated_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_balance') }}
