{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_enablebanking__transactions')) }}
with JSONExtract(payload, 'Tuple(
    transaction_amount Tuple(
        amount Nullable(String),
        currency Nullable(String)
    ),
    credit_debit_indicator Nullable(String),
    status Nullable(String),
    booking_date Nullable(String),
    value_date Nullable(String),
    transaction_date Nullable(String),
    remittance_information Array(Nullable(String)),
    creditor Tuple(name Nullable(String)),
    creditor_account Tuple(iban Nullable(String)),
    debtor Tuple(name Nullable(String)),
    debtor_account Tuple(iban Nullable(String)),
    reference_number Nullable(String),
    bank_transaction_code Tuple(
        code Nullable(String),
        sub_code Nullable(String),
        description Nullable(String)
    ),
    merchant_category_code Nullable(String),
    exchange_rate Tuple(
        instructed_amount Tuple(
            amount Nullable(String),
            currency Nullable(String)
        )
    ),
    balance_after_transaction Tuple(amount Nullable(String))
)') as object,
    coalesce(nullIf((object).booking_date, ''), nullIf((object).value_date, ''), (object).transaction_date) as day
select
    workspace_id,
    connection_id,
    id,
    splitByChar('/', id)[1] as account_id,
    (object).transaction_amount.amount as amount,
    (object).transaction_amount.currency as currency,
    (object).credit_debit_indicator as credit_debit_indicator,
    (object).status as status,
    toDate({{ iso_time('day') }}) as booked_on,
    toDate({{ iso_time('(object).value_date') }}) as valued_on,
    nullIf(arrayStringConcat(arrayMap(part -> ifNull(part, ''), (object).remittance_information), ' '), '') as description,
    (object).creditor.name as creditor_name,
    (object).creditor_account.iban as creditor_iban,
    (object).debtor.name as debtor_name,
    (object).debtor_account.iban as debtor_iban,
    (object).reference_number as reference_number,
    (object).bank_transaction_code.code as code_family,
    (object).bank_transaction_code.sub_code as code_sub_family,
    (object).bank_transaction_code.description as code_description,
    (object).merchant_category_code as merchant_category_code,
    (object).exchange_rate.instructed_amount.amount as original_amount,
    (object).exchange_rate.instructed_amount.currency as original_currency,
    (object).balance_after_transaction.amount as balance_after,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('enablebanking', 'enablebanking_transaction') }}
