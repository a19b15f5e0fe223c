{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__transfer_reversals')) }}
with JSONExtract(payload, 'Tuple(reversals Tuple(data Array(Tuple(
    id Nullable(String),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    balance_transaction Nullable(String),
    source_refund Nullable(String)
))))') as object,
    arrayJoin((object).reversals.data) as reversal
select
    workspace_id,
    connection_id,
    assumeNotNull((reversal).id) as id,
    toInt64OrNull((reversal).amount) as amount,
    (reversal).currency as currency,
    {{ epoch_seconds('(reversal).created') }} as created_at,
    stripe.id as transfer_id,
    {{ object_id('(reversal).balance_transaction') }} as balance_transaction_id,
    {{ object_id('(reversal).source_refund') }} as source_refund_id,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_transfer') }} as stripe
where (reversal).id is not null
