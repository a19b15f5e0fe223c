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

{# Both times, asked once a model. A mart that says `new_columns: filled` and lacks a column, as a release has added it, has
   seen no run yet: the next one computes it whole, and writes newer versions of all its rows. #}
{% macro run_times() -%}
    {%- if not execute -%}{{ return({'began': none, 'last': none}) }}{%- endif -%}
    {%- if 'run_times' not in model -%}
    {%- set is_there = model.resource_type == 'model' and dbt.is_incremental() -%}
    {%- set last = newest_computed_at() if is_there else 'null' -%}
    {%- if is_there and model.config.meta.get('new_columns') == 'filled' -%}
    {%- set last -%}
        if((
            select count() from system.columns
            where database = '{{ this.schema }}' and table = '{{ this.identifier }}' and name in ('{{ model.columns.keys() | join("', '") }}')
        ) = {{ model.columns | length }}, {{ last }}, null)
    {%- endset -%}
    {%- endif -%}
    {%- set found = run_query("select toString(now64(3, 'UTC')) as began, toString(" ~ last ~ ") as last").rows[0] -%}
    {%- do model.update({'run_times': {'began': found['began'], 'last': found['last']}}) -%}
    {%- endif -%}
    {{ return(model['run_times']) }}
{%- endmacro %}

{# In this form ClickHouse reads a granule or two, by the index; max() reads all. #}
{% macro newest_computed_at() -%}
    (select computed_at from {{ this }} order by computed_at desc limit 1)
{%- endmacro %}

{# One run of the marts at a time. Each looks for what has landed, or was computed, since the last one began: of two at once,
   one may never look at what the other writes after that. So a run that builds marts first leaves a table with its name,
   and waits while another's is there; the table goes when the run ends. A run is taken for gone when nothing has borne its
   name for `lease_seconds` (its models make tables as they begin) and no statement of dbt's has run for as long. #}
{% macro take_lease() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and builds_marts() -%}
    {%- set cluster = env_var('OPPULENCE_CLICKHOUSE_CLUSTER', '') -%}
    {%- set over = namespace(tables='system.tables', processes='system.processes', other='') -%}
    {%- if cluster -%}
        {%- set over.tables = "clusterAllReplicas('" ~ cluster ~ "', system.tables)" -%}
        {%- set over.processes = "clusterAllReplicas('" ~ cluster ~ "', system.processes)" -%}
    {%- endif -%}
    {%- set lease = target.schema ~ '.run__lease_' ~ invocation_id[:8] -%}
    {%- set others -%}
        select name from {{ over.tables }}
        where database = '{{ target.schema }}' and match(name, '^run__lease_[0-9a-f]{8}$') and name != 'run__lease_{{ invocation_id[:8] }}'
            and (
                right(name, 8) in (
                    select right(name, 8) from {{ over.tables }}
                    where database = '{{ target.schema }}' and match(name, '__(touched.|slices|lease)_[0-9a-f]{8}$')
                        and metadata_modification_time > now() - {{ var('lease_seconds') }})
                or exists(select 1 from {{ over.processes }} where query like '/* {"app": "dbt"%' and elapsed > {{ var('lease_seconds') }}))
        limit 1
    {%- endset -%}
    {%- for second in range(var('lease_wait_seconds')) -%}
        {%- if second == 0 or over.other -%}
        {#- Told before it is looked for others, and taken back if there are: of two that begin at once, none overlooks the other. -#}
        {%- do run_query('create table if not exists ' ~ lease ~ ' (held UInt8) engine = Memory') -%}
        {%- set found = run_query(others).rows -%}
        {%- set over.other = found[0]['name'] if found else '' -%}
        {%- if over.other -%}
            {%- do run_query('drop table if exists ' ~ lease ~ ' sync') -%}
            {%- do run_query('select sleep(' ~ (0.5 + (invocation_id[:2] | int(base=16)) / 256) ~ ')') -%}
        {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if over.other -%}
        {%- do exceptions.raise_compiler_error(
            'Another run of the marts is under way (' ~ target.schema ~ '.' ~ over.other ~ ') and has not ended while this one waited: start it again'
            ~ ' when that one has. Of one that was killed the table counts for ' ~ var('lease_seconds') ~ ' seconds.') -%}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro builds_marts() -%}
    {%- set state = namespace(found=false) -%}
    {%- for name in selected_resources if name.startswith('model.') and graph.nodes[name].fqn[1] == 'marts' -%}
        {%- set state.found = true -%}
    {%- endfor -%}
    {{ return(state.found) }}
{%- endmacro %}
