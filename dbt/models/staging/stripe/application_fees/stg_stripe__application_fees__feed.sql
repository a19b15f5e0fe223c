{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__application_fees')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    amount_refunded Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    account Nullable(String),
    charge Nullable(String),
    balance_transaction Nullable(String),
    refunded Nullable(Bool)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    toInt64OrNull((object).amount_refunded) as amount_refunded,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ object_id('(object).account') }} as account_id,
    {{ object_id('(object).charge') }} as charge_id,
    {{ object_id('(object).balance_transaction') }} as balance_transaction_id,
    (object).refunded as refunded,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_application_fee') }}
