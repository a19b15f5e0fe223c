{# The engine of every table whose newest version wins; replicated where a cluster is set. #}
{% macro replacing_engine() -%}
    {{ 'Replicated' if env_var('OPPULENCE_CLICKHOUSE_CLUSTER', '') else '' }}ReplacingMergeTree(version, is_deleted)
{%- endmacro %}
