{# A time as .NET writes it into JSON ('/Date(1518685950940+0000)/': milliseconds of UTC, whatever the
   offset says), or as ISO 8601; null for every other form. #}
{% macro json_date_time(text) -%}
    if(match(ifNull({{ text }}, ''), '^/Date[(]-?[0-9]{1,14}([+-][0-9]{4})?[)]/$'),
        fromUnixTimestamp64Milli(toInt64OrZero(extract(ifNull({{ text }}, ''), '-?[0-9]+')), 'UTC'),
        {{ iso_time(text) }})
{%- endmacro %}
