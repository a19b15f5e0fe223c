{{ config(
    materialized='table',
    repopulate_from_mvs_on_full_refresh=true,
    mv_on_schema_change='append_new_columns',
    engine=replacing_engine(),
    order_by=['workspace_id', 'newest_first', 'id', 'connection_id'],
    settings=granules(projections=true),
    projections=[
        {'name': 'state', 'query': 'select workspace_id, count(), max(extracted_at), max(landed_at), sum(version), sum(may_displace) group by workspace_id'},
        {'name': 'by_id', 'query': 'select workspace_id, connection_id, id, version, landed_at, newest_first order by workspace_id, connection_id, id'},
    ],
) }}
{{ empty_table() }}
