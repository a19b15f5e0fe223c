{# The last columns of a journal: which state of its source it was computed from, and when. #}
{% macro computed_row() -%}
    source_version,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(0) as is_deleted,
    {{ run_began_at() }} as computed_at
{%- endmacro %}
