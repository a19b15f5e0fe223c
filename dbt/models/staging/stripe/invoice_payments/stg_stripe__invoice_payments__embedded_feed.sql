{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_payments')) }}
with JSONExtract(payload, 'Tuple(
    payments Tuple(data Array(Tuple(
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
    )))
)') as object,
    arrayJoin((object).payments.data) as payment
select
    workspace_id,
    connection_id,
    assumeNotNull((payment).id) as id,
    stripe.id as invoice_id,
    {{ object_id('(payment).payment.payment_intent') }} as payment_intent_id,
    {{ object_id('(payment).payment.charge') }} as charge_id,
    (payment).status as status,
    (payment).is_default as is_default,
    toInt64OrNull((payment).amount_paid) as amount_paid,
    toInt64OrNull((payment).amount_requested) as amount_requested,
    (payment).currency as currency,
    {{ epoch_seconds('(payment).created') }} as created_at,
    {{ epoch_seconds('(payment).status_transitions.paid_at') }} as paid_at,
    {{ epoch_seconds('(payment).status_transitions.canceled_at') }} as canceled_at,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_invoice') }} as stripe
where (payment).id is not null
