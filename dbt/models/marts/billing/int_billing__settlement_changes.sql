{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'movement_id', 'computed_at', 'sign'],
    settings=granules(),
) }}
{{ changes_of(ref('fct_settlements'), 'workspace_id, connection_id, movement_id', {
    'day': 'toDate(booked_at)',
    'category': 'category',
    'method': 'method',
    'brand': 'brand',
    'country': 'country',
    'payment_currency': 'payment_currency',
    'currency': 'currency',
    'payment_minor': 'payment_minor',
    'gross_minor': 'gross_minor',
    'fee_minor': 'fee_minor',
    'net_minor': 'net_minor',
}) }}
