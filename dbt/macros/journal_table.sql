{# How every table of journals is kept: newest state per journal, appended by each run. #}
{% macro journal_table() -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        engine=replacing_engine(),
        order_by=['workspace_id', 'connection_id', 'journal_id'],
        settings=granules(),
    ) }}
{%- endmacro %}
