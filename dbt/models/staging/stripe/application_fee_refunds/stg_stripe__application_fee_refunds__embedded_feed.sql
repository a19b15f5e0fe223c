{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__application_fee_refunds')) }}
with JSONExtract(payload, 'Tuple(refunds Tuple(data Array(Tuple(
    id Nullable(String),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    balance_transaction Nullable(String)
))))') as object,
    arrayJoin((object).refunds.data) as refund
select
    workspace_id,
    connection_id,
    assumeNotNull((refund).id) as id,
    toInt64OrNull((refund).amount) as amount,
    (refund).currency as currency,
    {{ epoch_seconds('(refund).created') }} as created_at,
    stripe.id as application_fee_id,
    {{ object_id('(refund).balance_transaction') }} as balance_transaction_id,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_application_fee') }} as stripe
where (refund).id is not null
