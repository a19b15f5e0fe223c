{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__subscription_items')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    items Tuple(data Array(Tuple(
        {{ stripe_subscription_item_fields() }}
    )))
)') as object,
    arrayJoin((object).items.data) as item
select
    workspace_id,
    connection_id,
    assumeNotNull((item).id) as id,
    stripe.id as subscription_id,
    {{ stripe_subscription_item_columns('(item)') }},
    'embedded' as origin,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('stripe', 'stripe_subscription') }} as stripe
where (item).id is not null
