{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_teller__transactions')) }}
with JSONExtract(payload, 'Tuple(
    account Tuple(
        id Nullable(String),
        type Nullable(String),
        currency Nullable(String)
    ),
    transaction Tuple(
        amount Nullable(String),
        date Nullable(String),
        description Nullable(String),
        status Nullable(String),
        type Nullable(String),
        running_balance Nullable(String),
        details Tuple(
            category Nullable(String),
            counterparty Tuple(
                name Nullable(String),
                type Nullable(String)
            )
        )
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account.id as account_id,
    (object).account.type as account_type,
    (object).account.currency as currency,
    (object).transaction.amount as amount,
    toDate({{ iso_time('(object).transaction.date') }}) as dated_on,
    (object).transaction.description as description,
    (object).transaction.status as status,
    (object).transaction.type as type,
    (object).transaction.running_balance as running_balance,
    (object).transaction.details.category as category,
    (object).transaction.details.counterparty.name as counterparty_name,
    (object).transaction.details.counterparty.type as counterparty_type,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('teller', 'teller_transaction') }}
