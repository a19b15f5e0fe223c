{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__payment_intents')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    amount_received Nullable(String),
    amount_capturable Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    status Nullable(String),
    customer Nullable(String),
    latest_charge Nullable(String),
    payment_method Nullable(String),
    invoice Nullable(String),
    canceled_at Nullable(Int64),
    cancellation_reason Nullable(String),
    last_payment_error Tuple(
        type Nullable(String),
        code Nullable(String),
        decline_code Nullable(String),
        message Nullable(String),
        charge Nullable(String)
    ),
    setup_future_usage Nullable(String),
    capture_method Nullable(String),
    next_action Tuple(
        type Nullable(String)
    ),
    description Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    toInt64OrNull((object).amount_received) as amount_received,
    toInt64OrNull((object).amount_capturable) as amount_capturable,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).status as status,
    {{ object_id('(object).customer') }} as customer_id,
    {{ object_id('(object).latest_charge') }} as latest_charge_id,
    {{ object_id('(object).payment_method') }} as payment_method_id,
    {{ object_id('(object).invoice') }} as invoice_id,
    {{ epoch_seconds('(object).canceled_at') }} as canceled_at,
    (object).cancellation_reason as cancellation_reason,
    (object).last_payment_error.type as error_type,
    (object).last_payment_error.code as error_code,
    (object).last_payment_error.decline_code as error_decline_code,
    (object).last_payment_error.message as error_message,
    {{ object_id('(object).last_payment_error.charge') }} as error_charge_id,
    (object).setup_future_usage as setup_future_usage,
    (object).capture_method as capture_method,
    (object).next_action.type as next_action_type,
    (object).description as description,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_payment_intent') }}
