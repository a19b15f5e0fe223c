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
