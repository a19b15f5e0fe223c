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
    {{ return(run_times()['last'] is not none) }}
{%- endmacro %}

{# When the last run of this mart that computed anything began. #}
{% macro last_run_at() -%}
    {%- set last = run_times()['last'] -%}
    {{ "toDateTime64('" ~ last ~ "', 3, 'UTC')" if last else newest_computed_at() }}
{%- endmacro %}

{# When this run of a mart began, before it looked for anything: the time that its rows bear. What lands while a run is
   under way is later than it, however long the run takes, and is found by the next. #}
{% macro run_began_at() -%}
    {{ "toDateTime64('" ~ run_times()['began'] ~ "', 3, 'UTC')" if execute else "now64(3, 'UTC')" }}
{%- endmacro %}

{# Both times, asked once a model. #}
{% macro run_times() -%}
    {%- if not execute -%}{{ return({'began': none, 'last': none}) }}{%- endif -%}
    {%- if 'run_times' not in model -%}
    {%- set is_there = model.resource_type == 'model' and dbt.is_incremental() -%}
    {%- set last = newest_computed_at() if is_there else 'null' -%}
    {%- set found = run_query("select toString(now64(3, 'UTC')) as began, toString(" ~ last ~ ") as last").rows[0] -%}
    {%- do model.update({'run_times': {'began': found['began'], 'last': found['last']}}) -%}
    {%- endif -%}
    {{ return(model['run_times']) }}
{%- endmacro %}

{# In this form ClickHouse reads a granule or two, by the index; max() reads all. #}
{% macro newest_computed_at() -%}
    (select computed_at from {{ this }} order by computed_at desc limit 1)
{%- endmacro %}
