{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__transfers')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    amount_reversed Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    destination Nullable(String),
    destination_payment Nullable(String),
    source_transaction Nullable(String),
    balance_transaction Nullable(String),
    reversed Nullable(Bool),
    description Nullable(String),
    transfer_group Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    toInt64OrNull((object).amount_reversed) as amount_reversed,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ object_id('(object).destination') }} as destination_id,
    {{ object_id('(object).destination_payment') }} as destination_payment_id,
    {{ object_id('(object).source_transaction') }} as source_transaction_id,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    (object).reversed as reversed,
    (object).description as description,
    (object).transfer_group as transfer_group,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_transfer') }}
