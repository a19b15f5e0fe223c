{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__subscriptions')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    customer Nullable(String),
    status Nullable(String),
    currency Nullable(String),
    created Nullable(Int64),
    start_date Nullable(Int64),
    trial_start Nullable(Int64),
    trial_end Nullable(Int64),
    current_period_start Nullable(Int64),
    current_period_end Nullable(Int64),
    cancel_at Nullable(Int64),
    cancel_at_period_end Nullable(Bool),
    canceled_at Nullable(Int64),
    ended_at Nullable(Int64),
    cancellation_details Tuple(reason Nullable(String), feedback Nullable(String)),
    collection_method Nullable(String),
    default_payment_method Nullable(String),
    default_source Nullable(String),
    latest_invoice Nullable(String),
    schedule Nullable(String),
    pause_collection Tuple(behavior Nullable(String), resumes_at Nullable(Int64)),
    discount Nullable(String),
    discounts Array(Nullable(String)),
    items Tuple(
        has_more Nullable(Bool),
        data Array(Tuple(
            id Nullable(String),
            current_period_start Nullable(Int64),
            current_period_end Nullable(Int64)
        ))
    )
)') as object,
    arrayFilter(start -> start is not null, tupleElement((object).items.data, 'current_period_start')) as item_starts,
    arrayFilter(end -> end is not null, tupleElement((object).items.data, 'current_period_end')) as item_ends,
    coalesce((object).current_period_start, if(empty(item_starts), null, arrayMin(item_starts))) as period_start,
    coalesce((object).current_period_end, if(empty(item_ends), null, arrayMax(item_ends))) as period_end
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).customer') }} as customer_id,
    (object).status as status,
    (object).currency as currency,
    {{ epoch_seconds('(object).created') }} as created_at,
    {{ epoch_seconds('(object).start_date') }} as started_at,
    {{ epoch_seconds('(object).trial_start') }} as trial_started_at,
    {{ epoch_seconds('(object).trial_end') }} as trial_ends_at,
    {{ epoch_seconds('period_start') }} as period_started_at,
    {{ epoch_seconds('period_end') }} as period_ends_at,
    {{ epoch_seconds('(object).cancel_at') }} as cancel_at,
    (object).cancel_at_period_end as cancel_at_period_end,
    {{ epoch_seconds('(object).canceled_at') }} as canceled_at,
    {{ epoch_seconds('(object).ended_at') }} as ended_at,
    (object).cancellation_details.reason as cancellation_reason,
    (object).cancellation_details.feedback as cancellation_feedback,
    (object).collection_method as collection_method,
    {{ object_id('(object).default_payment_method') }} as default_payment_method_id,
    {{ object_id('(object).default_source') }} as default_source_id,
    {{ object_id('(object).latest_invoice') }} as latest_invoice_id,
    {{ object_id('(object).schedule') }} as schedule_id,
    (object).pause_collection.behavior as pause_behavior,
    {{ epoch_seconds('(object).pause_collection.resumes_at') }} as pause_resumes_at,
    arrayFilter(
        discount_id -> discount_id != '',
        arrayMap(
            discount -> ifNull({{ object_id('discount') }}, ''),
            arrayPushBack((object).discounts, (object).discount))) as discount_ids,
    arrayMap(item -> ifNull((item).id, ''), (object).items.data) as item_ids,
    (object).items.has_more as has_more_items,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_subscription') }}
