{# A decimal amount in Stripe's wire unit as ISO 4217 minor units with their fraction: fine unit prices
   (0.05 cents) must be multiplied by their quantity before anything is rounded. #}
{% macro iso_minor_exact(amount, currency) -%}
    multiIf(
    {%- for code, decimals in var('stripe_extra_decimals').items() %}
        {{ currency }} = '{{ code }}', {{ amount }} {{ '/' if decimals > 0 else '*' }} {{ 10 ** (decimals | abs) }},
    {%- endfor %}
        {{ amount }})
{%- endmacro %}
