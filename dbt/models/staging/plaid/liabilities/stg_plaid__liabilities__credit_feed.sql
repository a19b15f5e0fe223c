{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__liabilities')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    aprs Array(Tuple(
        apr_percentage Nullable(String)
    )),
    last_statement_balance Nullable(String),
    last_statement_issue_date Nullable(String),
    minimum_payment_amount Nullable(String),
    next_payment_due_date Nullable(String),
    last_payment_amount Nullable(String),
    last_payment_date Nullable(String),
    is_overdue Nullable(Bool)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    'credit' as kind,
    tupleElement((object).aprs[1], 'apr_percentage') as interest_rate_percent,
    (object).last_statement_balance as statement_balance,
    toDate({{ iso_time('(object).last_statement_issue_date') }}) as statement_issued_on,
    (object).minimum_payment_amount as minimum_payment,
    toDate({{ iso_time('(object).next_payment_due_date') }}) as payment_due_on,
    (object).last_payment_amount as last_payment,
    toDate({{ iso_time('(object).last_payment_date') }}) as last_paid_on,
    (object).is_overdue as is_overdue,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_liability_credit') }}
