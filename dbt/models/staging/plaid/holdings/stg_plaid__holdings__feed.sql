{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__holdings')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    security_id Nullable(String),
    quantity Nullable(String),
    institution_price Nullable(String),
    institution_value Nullable(String),
    cost_basis Nullable(String),
    iso_currency_code Nullable(String),
    institution_price_as_of Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    (object).security_id as security_id,
    (object).quantity as quantity,
    (object).institution_price as institution_price,
    (object).institution_value as institution_value,
    (object).cost_basis as cost_basis,
    (object).iso_currency_code as currency,
    toDate({{ iso_time('(object).institution_price_as_of') }}) as priced_on,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_holding') }}
