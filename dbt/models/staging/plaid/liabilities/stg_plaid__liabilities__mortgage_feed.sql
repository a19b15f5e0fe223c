{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__liabilities')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    interest_rate Tuple(
        percentage Nullable(String)
    ),
    next_monthly_payment Nullable(String),
    next_payment_due_date Nullable(String),
    last_payment_amount Nullable(String),
    last_payment_date Nullable(String),
    origination_principal_amount Nullable(String),
    origination_date Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    'mortgage' as kind,
    (object).interest_rate.percentage as interest_rate_percent,
    (object).next_monthly_payment as minimum_payment,
    toDate({{ iso_time('(object).next_payment_due_date') }}) as payment_due_on,
    (object).last_payment_amount as last_payment,
    toDate({{ iso_time('(object).last_payment_date') }}) as last_paid_on,
    (object).origination_principal_amount as principal,
    toDate({{ iso_time('(object).origination_date') }}) as originated_on,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_liability_mortgage') }}
