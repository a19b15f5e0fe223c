{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_payments')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    id Nullable(String),
    invoice Nullable(String),
    is_default Nullable(Bool),
    status Nullable(String),
    amount_paid Nullable(String),
    amount_requested Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    payment Tuple(payment_intent Nullable(String), charge Nullable(String)),
    status_transitions Tuple(paid_at Nullable(Int64), canceled_at Nullable(Int64))
)') as object
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).invoice') }} as invoice_id,
    {{ object_id('(object).payment.payment_intent') }} as payment_intent_id,
    {{ object_id('(object).payment.charge') }} as charge_id,
    (object).status as status,
    (object).is_default as is_default,
    toInt64OrNull((object).amount_paid) as amount_paid,
    toInt64OrNull((object).amount_requested) as amount_requested,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).status_transitions.paid_at') }} as paid_at,
    {{ epoch_seconds('(object).status_transitions.canceled_at') }} as canceled_at,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_invoice_payment') }}
