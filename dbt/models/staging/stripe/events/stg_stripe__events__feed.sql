{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__events')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    type Nullable(String),
    created Nullable(Int64),
    api_version Nullable(String),
    data Tuple(
        object Tuple(
            id Nullable(String),
            object Nullable(String)
        )
    ),
    request Nullable(String),
    livemode Nullable(Bool),
    pending_webhooks Nullable(String)
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).type as type,
    {{ epoch_seconds('(object).created') }} as created_at,
    (object).api_version as api_version,
    (object).data.object.id as object_id,
    (object).data.object.object as object_type,
    {{ object_id('(object).request') }} as request_id,
    (object).livemode as livemode,
    toInt64OrNull((object).pending_webhooks) as pending_webhooks,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_event') }}
