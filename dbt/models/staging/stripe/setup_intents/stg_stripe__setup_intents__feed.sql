{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__setup_intents')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    status Nullable(String),
    customer Nullable(String),
    payment_method Nullable(String),
    usage Nullable(String),
    created Nullable(Int64),
    cancellation_reason Nullable(String),
    last_setup_error Tuple(
        code Nullable(String),
        decline_code Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).status as status,
    {{ object_id('(object).customer') }} as customer_id,
    {{ object_id('(object).payment_method') }} as payment_method_id,
    (object).usage as usage,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).cancellation_reason as cancellation_reason,
    (object).last_setup_error.code as error_code,
    (object).last_setup_error.decline_code as error_decline_code,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_setup_intent') }}
