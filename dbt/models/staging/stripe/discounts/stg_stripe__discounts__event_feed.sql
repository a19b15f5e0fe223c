{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__discounts')) }}
with JSONExtract(payload, 'Tuple(type Nullable(String), created Nullable(Int64), data Tuple(object Tuple(
    object Nullable(String),
    {{ stripe_discount_fields() }}
)))') as event,
    (event).data.object as discount,
    {{ stripe_discount_select(
        ended_at="if((event).type = 'customer.discount.deleted' or (discount).deleted, (event).created, null)", rank=3) }}
from {{ source('stripe', 'stripe_event') }} as landed
where (discount).object = 'discount' and (discount).id is not null
