{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__customer_balance_transactions')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    ending_balance Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    type Nullable(String),
    customer Nullable(String),
    invoice Nullable(String),
    credit_note Nullable(String),
    description Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    toInt64OrNull((object).ending_balance) as ending_balance,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).type as type,
    {{ object_id('(object).customer') }} as customer_id,
    {{ object_id('(object).invoice') }} as invoice_id,
    {{ object_id('(object).credit_note') }} as credit_note_id,
    (object).description as description,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_customer_balance_transaction') }}
