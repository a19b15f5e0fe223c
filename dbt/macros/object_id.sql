{# The id behind a field that holds an id, or the whole object where it was expanded. #}
{% macro object_id(text) -%}
    nullIf(if(startsWith(ifNull({{ text }}, ''), '{'), JSONExtractString(ifNull({{ text }}, ''), 'id'), {{ text }}), '')
{%- endmacro %}
