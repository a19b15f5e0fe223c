{# The columns that every row carries from raw to marts: which state it is and when we learned it. #}
{% macro raw_state() -%}
    version,
    toUInt8(is_deleted or ifNull((object).deleted, false)) as is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
{%- endmacro %}
