{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_teller__balances')) }}
with JSONExtract(payload, 'Tuple(
    account Tuple(
        id Nullable(String),
        type Nullable(String),
        currency Nullable(String)
    ),
    balance Tuple(
        ledger Nullable(String),
        available Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).account.id as account_id,
    (object).account.type as account_type,
    (object).account.currency as currency,
    (object).balance.ledger as ledger,
    (object).balance.available as available,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('teller', 'teller_balance') }}
