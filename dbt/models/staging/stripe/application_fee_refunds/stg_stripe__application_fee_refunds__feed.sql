{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__application_fee_refunds')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    fee Nullable(String),
    balance_transaction Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ object_id('(object).fee') }} as application_fee_id,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_fee_refund') }}
