{# An ISO 8601 date or time as a moment in UTC; null for every other form, since nobody knows which
   of 05/06/2026's numbers is the month, and for what DateTime64 cannot hold. #}
{% macro iso_time(text) -%}
    if(match(ifNull({{ text }}, ''), '^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}'),
        parseDateTime64BestEffortOrNull(ifNull({{ text }}, ''), 3, 'UTC'), null)
{%- endmacro %}
