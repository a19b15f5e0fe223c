{# A decimal text in major units ('-42.50') as ISO 4217 minor units of its currency, by its digits alone:
   no float, no rounding. Null where it is no plain number, has more decimals than the currency (zeros
   at the end are none), or 16 digits: JSON numbers are exact up to 15. #}
{% macro decimal_minor(text, currency) -%}
    {%- set number = "ifNull(" ~ text ~ ", '')" -%}
    {%- set whole = "replaceOne(splitByChar('.', " ~ number ~ ")[1], '+', '')" -%}
    {%- set fraction = "trimRight(splitByChar('.', " ~ number ~ ")[2], '0')" -%}
    if(
        match({{ number }}, '^[-+]?[0-9]+([.][0-9]+)?$')
            and length({{ fraction }}) <= {{ iso_exponent(currency) }}
            and length(replaceOne({{ whole }}, '-', '')) + {{ iso_exponent(currency) }} <= 15,
        toInt64OrNull(concat({{ whole }}, rightPad({{ fraction }}, {{ iso_exponent(currency) }}, '0'))),
        null)
{%- endmacro %}

{# How many decimals a currency's minor unit has. #}
{% macro iso_exponent(currency) -%}
    multiIf(
    {%- for exponent in var('iso_exponents').values() | unique | sort %}
        {{ currency }} in (
        {%- for code, decimals in var('iso_exponents').items() if decimals == exponent -%}
            '{{ code }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
        ), {{ exponent }},
    {%- endfor %}
        2)
{%- endmacro %}

{# Why a decimal text is no amount of its currency; empty where it is one, or where the currency is
   unknown and the amount cannot be judged. #}
{% macro amount_reason(column, currency) -%}
    multiIf(
        not match(ifNull({{ column }}, ''), '^[-+]?[0-9]+([.][0-9]+)?$'), '{{ column }} is missing or unreadable',
        {{ currency }} is not null and {{ decimal_minor(column, currency) }} is null, '{{ column }} is not whole in minor units',
        '')
{%- endmacro %}
