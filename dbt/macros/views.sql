{# A view that is there as it is wanted is left alone (overrides the adapter's macro): its comment tells what it was made
   from. A run of the marts asks this of each, and need neither plan it twice nor replace it. #}
{% macro clickhouse__create_view_as(relation, sql) -%}
    {%- set said = local_md5(sql ~ model.columns.values() | map(attribute='data_type') | join) -%}
    {%- set found -%}
        select 1 from system.tables
        where database = '{{ relation.schema }}' and name = '{{ relation.identifier }}' and comment = '{{ said }}'
    {%- endset -%}
    {%- if not should_full_refresh() and run_query(found).rows -%}
    select 1
    {%- else -%}
    {{ dbt.clickhouse__create_view_as(relation, sql) }}
    comment '{{ said }}'
    {%- endif -%}
{%- endmacro %}

{# No view of ours was a materialized view before, whose table would have to be looked for at each run (overrides the
   adapter's macro). #}
{% macro clickhouse__drop_associated_mv_if_it_was_automatically_created(target_relation) -%}
{%- endmacro %}
