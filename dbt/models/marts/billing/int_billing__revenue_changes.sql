{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'invoice_id', 'line_id', 'computed_at', 'sign'],
    settings=granules(),
) }}
{{ changes_of(ref('fct_revenue_lines'), 'workspace_id, connection_id, invoice_id, line_id', {
    'currency': 'currency',
    'kind': 'kind',
    'product_id': 'product_id',
    'net_minor': 'net_minor',
    'billed_at': 'billed_at',
    'starts_at': 'starts_at',
    'ends_at': 'ends_at',
    'voided_at': 'voided_at',
}) }}
