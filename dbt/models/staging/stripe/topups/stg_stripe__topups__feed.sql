{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__topups')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    expected_availability_date Nullable(Int64),
    status Nullable(String),
    description Nullable(String),
    balance_transaction Nullable(String),
    failure_code Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).expected_availability_date') }} as expected_at,
    (object).status as status,
    (object).description as description,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    (object).failure_code as failure_code,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_topup') }}
