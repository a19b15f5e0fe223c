{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__discounts')) }}
with JSONExtract(payload, 'Tuple(discounts Array(Nullable(String)), discount Nullable(String))') as object,
    arrayJoin(arrayFilter(
        text -> startsWith(ifNull(text, ''), '{'),
        arrayPushBack((object).discounts, (object).discount))) as discount_text,
    JSONExtract(ifNull(discount_text, ''), 'Tuple(
    {{ stripe_discount_fields() }}
)') as discount,
    {{ stripe_discount_select() }}
from {{ source('stripe', 'stripe_subscription') }} as landed
where (discount).id is not null
