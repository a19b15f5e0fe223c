{# The condition that an incremental run puts on what it looks at: landed (or computed) since the last run, and a little
   before it, as an insert may commit a moment after its rows were stamped. Always true on a first run. #}
{% macro landed_since(column='landed_at') -%}
    {%- if is_incremental() -%}
    {{ column }} > (select max(computed_at) - {{ var('landing_overlap_seconds') }} from {{ this }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}
