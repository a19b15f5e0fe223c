{# A discount as Stripe embeds it: its fields, and what is read of a Tuple `discount` of them. #}
{% macro stripe_discount_fields() -%}
    id Nullable(String),
    customer Nullable(String),
    subscription Nullable(String),
    promotion_code Nullable(String),
    start Nullable(Int64),
    end Nullable(Int64),
    deleted Nullable(Bool),
    coupon Nullable(String),
    source Tuple(coupon Nullable(String))
{%- endmacro %}

{# Of a deleted discount Stripe shows no `end`, and in an old invoice for ever: the newest state is not what knows most. In the
   version's highest bits stands what tells of the end: the event of the deletion (3), an `end` (2), the periods of an invoice
   that shows it as deleted (1), of which the last counts, or nothing (0). Then comes when it was shown. `ended_at` is the
   second at which the object around it says that it was over, `rank` what that is worth. #}
{% macro stripe_discount_select(ended_at='null::Nullable(Int64)', rank=0) -%}
    {{ ended_at }} as over_at,
    least(ifNull((discount).end, over_at), ifNull(over_at, (discount).end)) as end_at,
    multiIf(not ifNull(end_at between 0 and 4294967295, false), 0, over_at is not null, {{ rank }}, 2) as end_rank,
    coalesce((discount).source.coupon, (discount).coupon) as coupon_text,
    JSONExtract(ifNull(coupon_text, ''), 'Tuple(
    id Nullable(String),
    percent_off Nullable(String),
    amount_off Nullable(String),
    currency Nullable(String),
    duration Nullable(String)
)') as coupon
select
    workspace_id,
    connection_id,
    assumeNotNull((discount).id) as id,
    {{ object_id('(discount).customer') }} as customer_id,
    {{ object_id('(discount).subscription') }} as subscription_id,
    {{ object_id('(discount).promotion_code') }} as promotion_code_id,
    {{ epoch_seconds('(discount).start') }} as starts_at,
    {{ epoch_seconds('end_at') }} as ends_at,
    {{ object_id('coupon_text') }} as coupon_id,
    toDecimal128OrNull((coupon).percent_off, 12) as percent_off,
    toInt64OrNull((coupon).amount_off) as amount_off,
    (coupon).currency as currency,
    (coupon).duration as duration,
    bitShiftLeft(toUInt64(end_rank), 60) + if(end_rank = 1, toUInt64(assumeNotNull(end_at)) * 1000000, landed.version) as version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
{%- endmacro %}
