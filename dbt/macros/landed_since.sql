{# The condition that an incremental run puts on what it looks at: landed (or computed) since the last run, and a little
   before it, as an insert may commit a moment after its rows were stamped. Always true on a first run. #}
{% macro landed_since(column='landed_at') -%}
    {%- if is_incremental() -%}
    {{ column }} > {{ last_run_at() }} - {{ var('landing_overlap_seconds') }}
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{# Whether a run adds to what a mart holds already (overrides the adapter's macro): a mart that is still empty is built
   as if it were new, from everything and without a search for what has changed. #}
{% macro is_incremental() -%}
    {%- if not execute or not dbt.is_incremental() -%}
    {{ return(False) }}
    {%- endif -%}
    {{ return(run_query('select exists(select 1 from ' ~ this ~ ')').rows[0][0] == 1) }}
{%- endmacro %}

{# When this mart last computed anything. In this form ClickHouse reads a granule or two, by the index; max() reads all. #}
{% macro last_run_at() -%}
    (select computed_at from {{ this }} order by computed_at desc limit 1)
{%- endmacro %}
