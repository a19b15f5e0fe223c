{#- A tuple's names are quoted in a query's types and not in a table's, so dbt sees every run as a change of type: columns
    are added by a full refresh alone. -#}
{{ config(
    materialized='table',
    repopulate_from_mvs_on_full_refresh=true,
    mv_on_schema_change='ignore',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'id'],
) }}
{{ empty_table() }}
