{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__securities')) }}
with JSONExtract(payload, 'Tuple(
    security_id Nullable(String),
    name Nullable(String),
    ticker_symbol Nullable(String),
    isin Nullable(String),
    cusip Nullable(String),
    type Nullable(String),
    is_cash_equivalent Nullable(Bool),
    close_price Nullable(String),
    close_price_as_of Nullable(String),
    iso_currency_code Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).security_id as security_id,
    (object).name as name,
    (object).ticker_symbol as ticker_symbol,
    (object).isin as isin,
    (object).cusip as cusip,
    (object).type as type,
    (object).is_cash_equivalent as is_cash_equivalent,
    (object).close_price as close_price,
    toDate({{ iso_time('(object).close_price_as_of') }}) as closed_on,
    (object).iso_currency_code as currency,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_security') }}
