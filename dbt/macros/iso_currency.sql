{# A currency as ISO 4217's upper-case code; null where it is not three letters. #}
{% macro iso_currency(text) -%}
    if(match(ifNull({{ text }}, ''), '^[A-Za-z]{3}$'), upper({{ text }}), null)
{%- endmacro %}
