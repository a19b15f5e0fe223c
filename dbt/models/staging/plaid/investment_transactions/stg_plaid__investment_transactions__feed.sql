{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__investment_transactions')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    security_id Nullable(String),
    amount Nullable(String),
    quantity Nullable(String),
    price Nullable(String),
    fees Nullable(String),
    iso_currency_code Nullable(String),
    date Nullable(String),
    name Nullable(String),
    type Nullable(String),
    subtype Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    (object).security_id as security_id,
    (object).amount as amount,
    (object).quantity as quantity,
    (object).price as price,
    (object).fees as fees,
    (object).iso_currency_code as currency,
    toDate({{ iso_time('(object).date') }}) as dated_on,
    (object).name as name,
    (object).type as type,
    (object).subtype as subtype,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_investment_transaction') }}
