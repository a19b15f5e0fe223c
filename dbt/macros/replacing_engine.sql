{# The engine of every table whose newest version wins; replicated where a cluster is set. #}
{% macro replacing_engine() -%}
    {{ 'Replicated' if env_var('OPPULENCE_CLICKHOUSE_CLUSTER', '') else '' }}ReplacingMergeTree(version, is_deleted)
{%- endmacro %}

{# How finely such a table is read: a run looks up thousands of keys at once, and a page of the API few rows. A mark stands for
   256 rows; columns are compressed 8 KB at a time, so that a row that is looked up is not unpacked with 64 KB of each column.
   And what keeps projections right beside rows that are replaced, and mutated. #}
{% macro granules(projections=false) -%}
    {%- set settings = {'index_granularity': 256, 'min_compress_block_size': 8192} -%}
    {%- if projections -%}
        {%- do settings.update({'deduplicate_merge_projection_mode': 'rebuild', 'lightweight_mutation_projection_mode': 'rebuild'}) -%}
    {%- endif -%}
    {{ return(settings) }}
{%- endmacro %}
