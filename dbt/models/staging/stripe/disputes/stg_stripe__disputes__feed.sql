{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__disputes')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    amount Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    status Nullable(String),
    reason Nullable(String),
    charge Nullable(String),
    payment_intent Nullable(String),
    is_charge_refundable Nullable(Bool),
    evidence_details Tuple(
        due_by Nullable(Int64),
        has_evidence Nullable(Bool)
    ),
    network_reason_code Nullable(String),
    payment_method_details Tuple(
        card Tuple(
            network_reason_code Nullable(String)
        ),
        type Nullable(String)
    )
)') as object
select
    workspace_id,
    connection_id,
    id,
    toInt64OrNull((object).amount) as amount,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).status as status,
    (object).reason as reason,
    {{ object_id('(object).charge') }} as charge_id,
    {{ object_id('(object).payment_intent') }} as payment_intent_id,
    (object).is_charge_refundable as is_charge_refundable,
    {{ epoch_seconds('(object).evidence_details.due_by') }} as due_at,
    (object).evidence_details.has_evidence as has_evidence,
    coalesce((object).network_reason_code, (object).payment_method_details.card.network_reason_code) as network_reason_code,
    (object).payment_method_details.type as payment_method_type,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_dispute') }}
