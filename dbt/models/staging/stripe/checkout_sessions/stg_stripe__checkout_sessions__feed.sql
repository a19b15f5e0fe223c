{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__checkout_sessions')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount_subtotal Nullable(String),
    amount_total Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    expires_at Nullable(Int64),
    status Nullable(String),
    payment_status Nullable(String),
    mode Nullable(String),
    customer Nullable(String),
    customer_details Tuple(
        email Nullable(String)
    ),
    customer_email Nullable(String),
    payment_intent Nullable(String),
    subscription Nullable(String),
    invoice Nullable(String),
    setup_intent Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount_subtotal) as amount_subtotal,
    toInt64OrNull((object).amount_total) as amount_total,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).expires_at') }} as expires_at,
    (object).status as status,
    (object).payment_status as payment_status,
    (object).mode as mode,
    {{ object_id('(object).customer') }} as customer_id,
    coalesce((object).customer_details.email, (object).customer_email) as customer_email,
    {{ object_id('(object).payment_intent') }} as payment_intent_id,
    {{ object_id('(object).subscription') }} as subscription_id,
    {{ object_id('(object).invoice') }} as invoice_id,
    {{ object_id('(object).setup_intent') }} as setup_intent_id,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_checkout_session') }}
