{# How a new model is filled (overrides the adapter's macro). A streaming target is made empty, so nothing
   is asked or inserted; a feed's catch-up inserts only where there is something to catch up with. Of the
   three requests a target takes and the three of a feed, most of a first set-up's time, one and a half
   are left. All else is filled as the adapter does it. #}
{% macro clickhouse__insert_into(target_relation, sql, has_contract, use_columns_from_sql=False) %}
    {%- if config.get('materialized') == 'materialized_view' and use_columns_from_sql -%}
        {%- do wait_for_earlier_inserts() -%}
        {%- set found = run_query(what_to_catch_up_with(target_relation)).rows[0] -%}
        {%- if found['is_filled'] -%}
    insert into {{ target_relation }} ({{ found['columns'] }})
    {{ sql }}
    {{ adapter.get_model_query_settings(model) }}
        {%- else -%}
    select 1
        {%- endif -%}
    {%- elif not use_columns_from_sql and config.get('repopulate_from_mvs_on_full_refresh') -%}
    select 1
    {%- elif '/* end of ' in sql -%}
    {{ insert_in_slices(target_relation, sql) }}
    {%- else -%}
    {{ dbt.clickhouse__insert_into(target_relation, sql, has_contract, use_columns_from_sql) }}
    {%- endif -%}
{% endmacro %}

{# Whether anything that this feed reads has rows, and the feed's columns, which are its view's. #}
{% macro what_to_catch_up_with(target_relation) -%}
    {%- set read = [] -%}
    {%- for id in model.depends_on.nodes -%}
        {%- set node = graph.sources.get(id) or graph.nodes.get(id) -%}
        {%- if node.config.get('materialized') != 'materialized_view' and node.relation_name != target_relation | string -%}
            {%- do read.append('exists(select 1 from ' ~ node.relation_name ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    select
        {{ read | join(' or ') or 'true' }} as is_filled,
        (
            select arrayStringConcat(arrayMap(column -> '`' || column.2 || '`', arraySort(groupArray((position, name)))), ', ')
            from system.columns where database = '{{ this.schema }}' and table = '{{ this.identifier }}'
        ) as columns
{%- endmacro %}

{# An insert tells its rows to the views that are there when it begins, and shows them when it ends: one
   that began before this feed's view was made would be told to nobody and not be seen by the catch-up.
   So the catch-up begins when every insert that runs now has ended; later ones find the view. dbt's own
   are left out: what they fill, this feed waits for by its `depends_on`. #}
{% macro wait_for_earlier_inserts() -%}
    {%- set cluster = env_var('OPPULENCE_CLICKHOUSE_CLUSTER', '') -%}
    {%- set processes = "clusterAllReplicas('" ~ cluster ~ "', system.processes)" if cluster else 'system.processes' -%}
    {%- set running -%}
        select arrayStringConcat(groupArray(query_id), ',') from {{ processes }}
        where query_kind in ('Insert', 'AsyncInsertFlush') and query not like '/* {"app": "dbt"%'
    {%- endset -%}
    {%- set state = namespace(earlier=run_query(running).rows[0][0]) -%}
    {%- if state.earlier -%}
    {%- for _ in range(36000) if state.earlier -%}
        {%- do run_query('select sleep(0.1)') -%}
        {%- set state.earlier = run_query(running ~ " and has(splitByChar(',', '" ~ state.earlier ~ "'), query_id)").rows[0][0] -%}
    {%- endfor -%}
    {%- endif -%}
    {%- if state.earlier -%}
        {%- do exceptions.raise_compiler_error('These inserts have run for an hour: ' ~ state.earlier) -%}
    {%- endif -%}
{%- endmacro %}

{# What refills a streaming target in a full refresh (overrides the adapter's macro): the views that
   feed it, cut down to the columns that the target still has. Without the cut a renamed column stops
   the refresh, since the views still carry the old name until they are replaced themselves. #}
{% macro clickhouse__get_dbt_mvs_for_target(relation) -%}
    {%- set ours = graph.nodes.values()
        | selectattr('config.materialized', 'equalto', 'materialized_view')
        | map(attribute='relation_name') | list -%}
    {%- set feeds = {} -%}
    {%- for view in (relation.mvs_pointing_to_it if relation is not none else []) -%}
        {%- set feed = api.Relation.create(schema=view.schema, identifier=view.name) -%}
        {%- if feed | string in ours -%}
            {%- set sql = view.sql -%}
            {%- if should_full_refresh() -%}
                {%- set kept = adapter.get_columns_in_relation(feed) | map(attribute='name')
                    | select('in', model.columns.keys()) | list -%}
                {%- set sql = 'select ' ~ kept | join(', ') ~ ' from (' ~ view.sql ~ ')' -%}
            {%- endif -%}
            {%- do feeds.update({view.name: {'schema': view.schema, 'name': view.name, 'sql': sql}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(feeds.values() | list) }}
{%- endmacro %}
