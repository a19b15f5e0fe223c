{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_plaid__transactions')) }}
with JSONExtract(payload, 'Tuple(
    account_id Nullable(String),
    pending_transaction_id Nullable(String),
    amount Nullable(String),
    iso_currency_code Nullable(String),
    unofficial_currency_code Nullable(String),
    date Nullable(String),
    datetime Nullable(String),
    authorized_date Nullable(String),
    authorized_datetime Nullable(String),
    pending Nullable(Bool),
    name Nullable(String),
    original_description Nullable(String),
    merchant_name Nullable(String),
    merchant_entity_id Nullable(String),
    counterparties Array(Tuple(
        name Nullable(String)
    )),
    payment_channel Nullable(String),
    transaction_code Nullable(String),
    check_number Nullable(String),
    personal_finance_category Tuple(
        primary Nullable(String),
        detailed Nullable(String)
    ),
    payment_meta Tuple(
        reference_number Nullable(String),
        ppd_id Nullable(String),
        payee Nullable(String),
        payer Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account_id as account_id,
    (object).pending_transaction_id as pending_transaction_id,
    (object).amount as amount,
    (object).iso_currency_code as currency,
    (object).unofficial_currency_code as unofficial_currency,
    toDate({{ iso_time('(object).date') }}) as dated_on,
    {{ iso_time('(object).datetime') }} as dated_at,
    toDate({{ iso_time('(object).authorized_date') }}) as authorized_on,
    {{ iso_time('(object).authorized_datetime') }} as authorized_at,
    (object).pending as pending,
    (object).name as name,
    (object).original_description as original_description,
    (object).merchant_name as merchant_name,
    (object).merchant_entity_id as merchant_entity_id,
    tupleElement((object).counterparties[1], 'name') as counterparty_name,
    (object).payment_channel as payment_channel,
    (object).transaction_code as transaction_code,
    (object).check_number as check_number,
    (object).personal_finance_category.primary as category,
    (object).personal_finance_category.detailed as category_detailed,
    (object).payment_meta.reference_number as reference_number,
    (object).payment_meta.ppd_id as ppd_id,
    (object).payment_meta.payee as payee,
    (object).payment_meta.payer as payer,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('plaid', 'plaid_transaction') }}
