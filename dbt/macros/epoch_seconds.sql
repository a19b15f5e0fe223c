{# Seconds since the epoch as a time; null where DateTime cannot hold it (before 1970, after 2106). #}
{% macro epoch_seconds(seconds) -%}
    if({{ seconds }} between 0 and 4294967295, toDateTime(toUInt32({{ seconds }}), 'UTC'), null)
{%- endmacro %}
