{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('subscription_states')) }}
with JSONExtract(payload, 'Tuple(
    status Nullable(String),
    items Tuple(
        has_more Nullable(Bool),
        data Array(Tuple(price Tuple(id Nullable(String)), quantity Nullable(String)))
    )
)') as subscription
select
    workspace_id,
    connection_id,
    'newest' as id,
    'stripe' as provider,
    stripe_subscription.id as subscription_id,
    toDateTime64(fromUnixTimestamp64Micro(toInt64(version), 'UTC'), 3, 'UTC') as observed_at,
    (subscription).status as status,
    not ifNull((subscription).items.has_more, true) as is_complete,
    arrayMap(item -> ifNull((item).price.id, ''), (subscription).items.data) as item_price_ids,
    arrayMap(item -> ifNull(toInt64OrNull((item).quantity), 0), (subscription).items.data) as item_quantities,
    'raw.stripe_subscription' as source_table,
    id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_subscription') }}
where (subscription).status is not null
