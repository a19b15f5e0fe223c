{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_states')) }}
with JSONExtract(payload, 'Tuple(
    status Nullable(String),
    latest_invoice Nullable(String),
    discount Nullable(String),
    discounts Nullable(String),
    items Tuple(
        has_more Nullable(Bool),
        data Array(Tuple(price Tuple(id Nullable(String)), quantity Nullable(String)))
    )
)') as subscription,
    arrayFilter(
        discount_id -> discount_id != '',
        arrayMap(
            discount -> ifNull({{ object_id('discount') }}, ''),
            arrayPushBack(JSONExtract(ifNull((subscription).discounts, ''), 'Array(Nullable(String))'), (subscription).discount))) as discount_ids,
    (subscription).discounts is not null as lists_discounts,
    -- Newer states take the newest one's place, which tells no longer then when a discount was first seen gone. So of each
    -- list of discounts stays the first state that had it, by invoices, as a list without any comes again.
    arrayJoin(if(lists_discounts, [false, true], [false])) as is_first
select
    workspace_id,
    connection_id,
    if(is_first, arrayStringConcat(arrayPushFront(discount_ids, ifNull({{ object_id('(subscription).latest_invoice') }}, '')), ' '), 'newest') as id,
    'stripe' as provider,
    landed.id as subscription_id,
    toDateTime64(fromUnixTimestamp64Micro(toInt64(landed.version), 'UTC'), 3, 'UTC') as observed_at,
    (subscription).status as status,
    not ifNull((subscription).items.has_more, true) as is_complete,
    arrayMap(item -> ifNull((item).price.id, ''), (subscription).items.data) as item_price_ids,
    arrayMap(item -> ifNull(toInt64OrNull((item).quantity), 0), (subscription).items.data) as item_quantities,
    lists_discounts,
    discount_ids,
    'raw.stripe_subscription' as source_table,
    landed.id as source_id,
    if(is_first, bitNot(landed.version), landed.version) as version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_subscription') }} as landed
where (subscription).status is not null
