{# An amount in Stripe's wire unit as ISO 4217 minor units; null where it is not whole in them or does
   not fit. The few currencies in which the two differ are the var `stripe_extra_decimals`.
   `exact=true` takes a decimal and keeps its fraction: fine unit prices (0.05 cents) must be multiplied
   by their quantity before anything is rounded. #}
{% macro iso_minor(amount, currency, exact=false) -%}
    multiIf(
    {%- for code, decimals in var('stripe_extra_decimals').items() %}
    {%- set unit = 10 ** (decimals | abs) %}
    {%- if exact %}
        {{ currency }} = '{{ code }}', {{ amount }} {{ '/' if decimals > 0 else '*' }} {{ unit }},
    {%- elif decimals > 0 %}
        {{ currency }} = '{{ code }}', if({{ amount }} % {{ unit }} = 0, intDiv({{ amount }}, {{ unit }}), null),
    {%- else %}
        {{ currency }} = '{{ code }}', if(abs({{ amount }}) <= intDiv(9223372036854775807, {{ unit }}), {{ amount }} * {{ unit }}, null),
    {%- endif %}
    {%- endfor %}
        {{ amount }})
{%- endmacro %}
