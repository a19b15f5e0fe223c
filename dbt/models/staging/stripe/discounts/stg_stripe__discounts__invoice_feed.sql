{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_stripe__discounts')) }}
with JSONExtract(payload, 'Tuple(discounts Array(Nullable(String)), discount Nullable(String))') as object,
    arrayJoin(arrayFilter(
        text -> startsWith(ifNull(text, ''), '{'),
        arrayPushBack((object).discounts, (object).discount))) as discount_text,
    JSONExtract(ifNull(discount_text, ''), 'Tuple(
    {{ stripe_discount_fields() }}
)') as discount,
    -- When it was taken off nobody tells, but this invoice still had it: until the end of what is billed.
    {{ stripe_discount_select(ended_at="if((discount).deleted, arrayMax(arrayMap(
        line -> ifNull((line).period.end, 0),
        JSONExtract(payload, 'lines', 'Tuple(data Array(Tuple(period Tuple(end Nullable(Int64)))))').data)), null)", rank=1) }}
from {{ source('stripe', 'stripe_invoice') }} as landed
where (discount).id is not null
