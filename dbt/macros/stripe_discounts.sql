{# A discount as Stripe embeds it: its fields, and what is read of a Tuple `discount` of them. #}
{% macro stripe_discount_fields() -%}
    id Nullable(String),
    customer Nullable(String),
    subscription Nullable(String),
    promotion_code Nullable(String),
    start Nullable(Int64),
    end Nullable(Int64),
    coupon Nullable(String),
    source Tuple(coupon Nullable(String))
{%- endmacro %}

{% macro stripe_discount_select() -%}
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
    {{ epoch_seconds('(discount).end') }} as ends_at,
    {{ object_id('coupon_text') }} as coupon_id,
    toDecimal128OrNull((coupon).percent_off, 12) as percent_off,
    toInt64OrNull((coupon).amount_off) as amount_off,
    (coupon).currency as currency,
    (coupon).duration as duration,
    version,
    toUInt8(0) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
{%- endmacro %}
