{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__invoice_payments')) }}
with JSONExtract(payload, 'Tuple(
    payment_intent Nullable(String),
    charge Nullable(String),
    status Nullable(String),
    amount_paid Nullable(String),
    amount_due Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    status_transitions Tuple(paid_at Nullable(Int64), voided_at Nullable(Int64))
)') as object,
    {{ object_id('(object).payment_intent') }} as intent_id,
    {{ object_id('(object).charge') }} as invoice_charge_id
select
    workspace_id,
    connection_id,
    concat(stripe.id, '/', assumeNotNull(coalesce(intent_id, invoice_charge_id))) as id,
    stripe.id as invoice_id,
    intent_id as payment_intent_id,
    invoice_charge_id as charge_id,
    multiIf((object).status = 'paid', 'paid', (object).status = 'void', 'canceled', 'open') as status,
    true as is_default,
    toInt64OrNull((object).amount_paid) as amount_paid,
    toInt64OrNull((object).amount_due) as amount_requested,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).status_transitions.paid_at') }} as paid_at,
    {{ epoch_seconds('(object).status_transitions.voided_at') }} as canceled_at,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_invoice') }} as stripe
where coalesce(intent_id, invoice_charge_id) is not null
