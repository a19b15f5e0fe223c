{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__refunds')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    status Nullable(String),
    charge Nullable(String),
    payment_intent Nullable(String),
    reason Nullable(String),
    failure_reason Nullable(String),
    balance_transaction Nullable(String),
    failure_balance_transaction Nullable(String),
    destination_details Tuple(
        type Nullable(String)
    ),
    description Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).status as status,
    {{ object_id('(object).charge') }} as charge_id,
    {{ object_id('(object).payment_intent') }} as payment_intent_id,
    (object).reason as reason,
    (object).failure_reason as failure_reason,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    {{ object_id('(object).failure_balance_transaction') }} as failure_balance_transaction_id,
    (object).destination_details.type as destination_type,
    (object).description as description,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_refund') }}
