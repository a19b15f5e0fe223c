{{ config(
    materialized='table',
    repopulate_from_mvs_on_full_refresh=true,
    mv_on_schema_change='append_new_columns',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'id'],
    indexes=[{'name': 'landed', 'definition': 'landed_at type minmax granularity 1'}],
    settings=granules(),
) }}
{{ empty_table() }}
