{# How a run of any size stays within the engine's memory. A mart names what it computes by keys, by which all the
   rest of it is looked up (`touched_keys`). They are found once, into a table of their own, and taken a slice at
   a time: a range of them, so that a slice reads its own part of each table that is sorted by them, however
   large one workspace is. A run that touches nothing asks nothing more. #}
{% macro touched_keys(name, key) -%}
/* {{ name }} by {{ key }} */ {{ name }} as (
    select distinct * from (
        {{- caller() }}
    ) as keys
) /* end of {{ name }} */
{%- endmacro %}

{# The insert of a model with `touched_keys`: one statement for a slice, which is one block and so there at once or not
   at all. Several slices gather in a table of their own and are attached in one step when all are there: a run that
   was cut short leaves nothing that the next one takes for done, and no slice sees another's rows. Helper tables bear
   the run's name: two at once do not meet. #}
{% macro insert_in_slices(target_relation, sql) -%}
    {%- set run = keys_in_tables(sql) -%}
    {%- set found = run_query(slices_of(run.blocks, target_relation)).rows[0] -%}
    {%- set bounds = fromjson(found['bounds']) -%}
    {%- set run.columns = found['columns'].split(', ') -%}
    {%- for column in model.columns.values() if '`' ~ column.name ~ '`' not in run.columns -%}
        {%- do run_query('alter table ' ~ target_relation ~ ' ' ~ on_cluster_clause(target_relation)
            ~ ' add column if not exists `' ~ column.name ~ '` ' ~ column.data_type) -%}
        {%- set run.columns = run.columns + ['`' ~ column.name ~ '`'] -%}
    {%- endfor -%}
    {%- set columns = run.columns | join(', ') -%}
    {%- set select = 'select ' ~ columns ~ ' from (' ~ run.sql ~ ')' -%}
    {%- if found['slices'] == 1 -%}
    insert into {{ target_relation }} ({{ columns }})
    settings max_insert_threads = 1, min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 1000000000000, {{ run_settings() }}
    {{ in_slice(select, run.blocks, none, none) }}
    {%- elif bounds -%}
    {%- set gathered = helper_table('slices') -%}
    {%- do run_query('create table ' ~ gathered ~ ' ' ~ on_cluster_clause(gathered) ~ ' as ' ~ target_relation) -%}
    {%- for bound in bounds + [none] -%}
        {%- set since = bounds[loop.index0 - 1] if loop.index0 else none -%}
        {%- do run_query('insert into ' ~ gathered ~ ' (' ~ columns ~ ') settings ' ~ run_settings() ~ ' ' ~ in_slice(select, run.blocks, since, bound)) -%}
    {%- endfor -%}
    {%- do sync_helper_table(gathered) -%}
    alter table {{ target_relation }} attach partition tuple() from {{ gathered }}
    {%- else -%}
    select 1
    {%- endif -%}
{%- endmacro %}

{# Finds the keys of each `touched_keys` of a statement, into tables of their own, and has the statement read these. #}
{% macro keys_in_tables(sql) -%}
    {%- set run = namespace(sql=sql, blocks=[]) -%}
    {%- for name, key in modules.re.findall('/[*] (\w+) by (.+?) [*]/', sql) -%}
        {%- set table = helper_table('touched' ~ loop.index) -%}
        {%- set before = run.sql.split('/* ' ~ name ~ ' by ' ~ key ~ ' */')[0] -%}
        {%- set parts = run.sql.split('/* end of ' ~ name ~ ' */') -%}
        {%- do create_helper_table(table, '(' ~ key ~ ')', parts[0] | replace('select distinct * from (', 'select * from (') ~ ' select * from ' ~ name ~ ' settings ' ~ run_settings()) -%}
        {%- set run.blocks = run.blocks + [{'table': table, 'key': key, 'mark': '/* slice of ' ~ name ~ ' */ true'}] -%}
        {%- set run.sql = before ~ name ~ ' as (select distinct * from ' ~ table ~ ' where /* slice of ' ~ name ~ ' */ true)' ~ parts[1] -%}
    {%- endfor -%}
    {{ return(run) }}
{%- endmacro %}

{# A CTE that is named `as materialized` is computed once, not as often as it is read. Of what FINAL reads, the columns of the
   sorting key are compared first: of a granule that holds one row of the slice, the others' facts are not read. Conditions
   on facts wait until the newest is known (a test holds ClickHouse to that). And a projection is read where it has what is
   asked for; else it is not searched beside the table, whose own key says where the rows are. #}
{% macro run_settings() -%}
    enable_materialized_cte = 1, optimize_move_to_prewhere_if_final = 1, optimize_use_projection_filtering = 0
{%- endmacro %}

{# How many slices, and where each begins after the first. A sample tells it: slices are some hundredths off, and
   nothing is sorted but the sample. And the columns of the table, which may lack those that a release has added. #}
{% macro slices_of(blocks, target_relation) -%}
    {%- set size = var('keys_per_slice') -%}
    select slices,
        toJSONString(arrayDistinct(arrayMap(
            number -> sample[1 + intDiv(number * length(sample), slices)], range(1, greatest(slices, 1))))) as bounds,
        (
            select arrayStringConcat(groupArray('`' || name || '`'), ', ') from system.columns
            where database = '{{ target_relation.schema }}' and table = '{{ target_relation.identifier }}'
        ) as columns
    from (
        select arraySort(groupArraySample(50000, 1)(place)) as sample,
            toUInt64(least(intDiv(count() + {{ size }} - 1, {{ size }}), length(sample))) as slices
        from (
        {%- for block in blocks %}
            select ({{ block['key'] }}) as place from {{ block['table'] }}
            {{ 'union all' if not loop.last }}
        {%- endfor %}
        )
    )
{%- endmacro %}

{# A statement over the keys from one bound (with it) to the next (without it); none is without end. #}
{% macro in_slice(statement, blocks, since, until) -%}
    {%- set state = namespace(text=statement) -%}
    {%- for block in blocks -%}
        {%- set columns = block['key'].split(', ') -%}
        {%- set conditions = [] -%}
        {%- if since -%}{%- do conditions.append(beyond(columns, since, '>', '>=')) -%}{%- endif -%}
        {%- if until -%}{%- do conditions.append(beyond(columns, until, '<', '<')) -%}{%- endif -%}
        {%- set state.text = state.text.replace(block['mark'], conditions | join(' and ') or 'true') -%}
    {%- endfor -%}
    {{ return(state.text) }}
{%- endmacro %}

{# A comparison of tuples in the form by which the primary key is searched. #}
{% macro beyond(columns, bound, sign, last_sign) -%}
    {%- set value = "'" ~ bound[0].replace('\\', '\\\\').replace("'", "\\'") ~ "'" -%}
    {%- if columns | length == 1 -%}
    {{ columns[0] }} {{ last_sign }} {{ value }}
    {%- else -%}
    ({{ columns[0] }} {{ sign }}= {{ value }} and ({{ columns[0] }} {{ sign }} {{ value }} or {{ beyond(columns[1:], bound[1:], sign, last_sign) }}))
    {%- endif -%}
{%- endmacro %}

{# The tables of one run of a model: made, filled, seen by every replica, dropped. #}
{% macro helper_table(word) -%}
    {{ return(this.incorporate(path={'identifier': this.identifier ~ '__' ~ word ~ '_' ~ invocation_id[:8]})) }}
{%- endmacro %}

{% macro create_helper_table(table, order_by, select) -%}
    {%- set cluster = on_cluster_clause(table) | trim -%}
    {%- set engine = 'ReplicatedMergeTree()' if cluster else 'MergeTree()' -%}
    {%- do run_query('create table ' ~ table ~ ' ' ~ cluster ~ ' engine = ' ~ engine ~ ' order by ' ~ order_by
        ~ (' empty as ' if cluster else ' as ') ~ select) -%}
    {%- if cluster -%}
    {%- do run_query('insert into ' ~ table ~ ' ' ~ select) -%}
    {%- do sync_helper_table(table) -%}
    {%- endif -%}
{%- endmacro %}

{% macro sync_helper_table(table) -%}
    {%- set cluster = on_cluster_clause(table) | trim -%}
    {%- if cluster -%}{%- do run_query('system sync replica ' ~ cluster ~ ' ' ~ table) -%}{%- endif -%}
{%- endmacro %}

{# Drops the tables of all models of a run when it ends, in one statement; and those that a run of another day left
   behind, which did not come to its end. #}
{% macro drop_helper_tables() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'test') -%}
    {%- set found -%}
        select '`' || database || '`.`' || name || '`' as helper from system.tables
        where database = '{{ target.schema }}' and match(name, '__(touched.|fixture.+|slices|lease)_[0-9a-f]{8}$')
            and (endsWith(name, '_{{ invocation_id[:8] }}') or metadata_modification_time < now() - 86400)
    {%- endset -%}
    {%- set helpers = run_query(found).rows | map(attribute=0) | list -%}
    {%- if helpers -%}
    {%- set one = api.Relation.create(schema=target.schema, identifier='helper', can_on_cluster=adapter.should_on_cluster()) -%}
    {%- do run_query('drop table if exists ' ~ helpers | join(', ') ~ ' ' ~ on_cluster_clause(one) ~ ' sync') -%}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# A contract is checked by asking for no row, for which ClickHouse yet collects the keys that the rest is looked up
   by: here of none. #}
{% macro clickhouse__get_assert_columns_equivalent(sql) -%}
    {{ return(dbt.clickhouse__get_assert_columns_equivalent(sql | replace(') as keys\n', ') as keys where false\n'))) }}
{%- endmacro %}
