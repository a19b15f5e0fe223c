{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__discounts')) }}
with JSONExtract(payload, 'Tuple(data Tuple(object Tuple(
    object Nullable(String),
    {{ stripe_discount_fields() }}
)))').data.object as discount,
    {{ stripe_discount_select() }}
from {{ source('stripe', 'stripe_event') }}
where (discount).object = 'discount' and (discount).id is not null
