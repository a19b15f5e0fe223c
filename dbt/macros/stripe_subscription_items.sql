{# A subscription's item, listed or embedded: its fields, and the columns of the Tuple `of` them. #}
{% macro stripe_subscription_item_fields() -%}
    id Nullable(String),
    subscription Nullable(String),
    quantity Nullable(String),
    created Nullable(Int64),
    current_period_start Nullable(Int64),
    current_period_end Nullable(Int64),
    price Tuple(
        id Nullable(String),
        product Nullable(String),
        currency Nullable(String),
        unit_amount Nullable(String),
        unit_amount_decimal Nullable(String),
        billing_scheme Nullable(String),
        recurring Tuple(interval Nullable(String), interval_count Nullable(String), usage_type Nullable(String))
    )
{%- endmacro %}

{% macro stripe_subscription_item_columns(of) -%}
    {{ of }}.price.id as price_id,
    {{ object_id(of ~ '.price.product') }} as product_id,
    toInt64OrNull({{ of }}.quantity) as quantity,
    {{ of }}.price.currency as currency,
    toInt64OrNull({{ of }}.price.unit_amount) as unit_amount,
    toDecimal128OrNull({{ of }}.price.unit_amount_decimal, 12) as unit_amount_decimal,
    {{ of }}.price.billing_scheme as billing_scheme,
    {{ of }}.price.recurring.interval as interval,
    toInt64OrNull({{ of }}.price.recurring.interval_count) as interval_count,
    {{ of }}.price.recurring.usage_type as usage_type,
    {{ epoch_seconds(of ~ '.created') }} as created_at,
    {{ epoch_seconds(of ~ '.current_period_start') }} as period_started_at,
    {{ epoch_seconds(of ~ '.current_period_end') }} as period_ends_at
{%- endmacro %}
