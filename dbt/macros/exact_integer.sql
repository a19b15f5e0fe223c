{# A JSON number's text as Int64; null where it has a fraction or does not fit. Reading it as an
   integer at once would silently cut 1.5 to 1. #}
{% macro exact_integer(text) -%}
    toInt64OrNull({{ text }})
{%- endmacro %}
