{# An amount in Stripe's wire unit as ISO 4217 minor units, exactly; null where it is not whole in them
   or does not fit. The few currencies in which the two differ are the var `stripe_extra_decimals`. #}
{% macro iso_minor(amount, currency) -%}
    multiIf(
    {%- for code, decimals in var('stripe_extra_decimals').items() %}
    {%- if decimals > 0 %}
        {{ currency }} = '{{ code }}', if({{ amount }} % {{ 10 ** decimals }} = 0, intDiv({{ amount }}, {{ 10 ** decimals }}), null),
    {%- else %}
        {{ currency }} = '{{ code }}', if(abs({{ amount }}) <= intDiv(9223372036854775807, {{ 10 ** -decimals }}), {{ amount }} * {{ 10 ** -decimals }}, null),
    {%- endif %}
    {%- endfor %}
        {{ amount }})
{%- endmacro %}
