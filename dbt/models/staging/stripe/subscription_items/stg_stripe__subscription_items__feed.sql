{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__subscription_items')) }}
with JSONExtract(payload, 'Tuple(
    deleted Nullable(Bool),
    {{ stripe_subscription_item_fields() }}
)') as object
select
    workspace_id,
    connection_id,
    id,
    {{ object_id('(object).subscription') }} as subscription_id,
    {{ stripe_subscription_item_columns('(object)') }},
    'listed' as origin,
    {{ raw_state() }}
from {{ source('stripe', 'stripe_subscription_item') }}
