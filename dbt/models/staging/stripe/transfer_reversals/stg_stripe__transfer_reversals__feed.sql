{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__transfer_reversals')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    transfer Nullable(String),
    balance_transaction Nullable(String),
    source_refund Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ object_id('(object).transfer') }} as transfer_id,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    {{ object_id('(object).source_refund') }} as source_refund_id,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_transfer_reversal') }}
