{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_states')) }}
with JSONExtract(payload, 'Tuple(data Tuple(object Tuple(
    id Nullable(String),
    object Nullable(String),
    status Nullable(String),
    discount Nullable(String),
    discounts Nullable(String),
    items Tuple(
        has_more Nullable(Bool),
        data Array(Tuple(price Tuple(id Nullable(String)), quantity Nullable(String)))
    )
)))').data.object as subscription
select
    workspace_id,
    connection_id,
    stripe_event.id as id,
    'stripe' as provider,
    ifNull((subscription).id, '') as subscription_id,
    toDateTime64(ifNull({{ epoch_seconds("JSONExtract(payload, 'created', 'Nullable(Int64)')") }}, toDateTime(intDiv(version, 1000000), 'UTC')), 3, 'UTC') as observed_at,
    (subscription).status as status,
    not ifNull((subscription).items.has_more, true) as is_complete,
    arrayMap(item -> ifNull((item).price.id, ''), (subscription).items.data) as item_price_ids,
    arrayMap(item -> ifNull(toInt64OrNull((item).quantity), 0), (subscription).items.data) as item_quantities,
    (subscription).discounts is not null as lists_discounts,
    arrayFilter(
        discount_id -> discount_id != '',
        arrayMap(
            discount -> ifNull({{ object_id('discount') }}, ''),
            arrayPushBack(JSONExtract(ifNull((subscription).discounts, ''), 'Array(Nullable(String))'), (subscription).discount))) as discount_ids,
    'raw.stripe_event' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_event') }}
where (subscription).object = 'subscription'
