{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'base_currency', 'quote_currency', 'day', 'source'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, movement_id' %}

with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('fct_settlements') }}
    where exchange_rate > 0 and category in ('charge', 'refund') and {{ landed_since('computed_at') }}
{% endcall %}

select workspace_id, connection_id, payment_currency as base_currency, currency as quote_currency, toDate(booked_at) as day,
    assumeNotNull(exchange_rate) as rate, provider as source, movement_id as source_id,
    -- The day's newest rate stands.
    toUInt64(toUnixTimestamp64Micro(toDateTime64(booked_at, 6, 'UTC'))) as version,
    toUInt8(0) as is_deleted,
    {{ run_began_at() }} as computed_at
from {{ newest(ref('fct_settlements')) }}
where exchange_rate > 0 and category in ('charge', 'refund') and ({{ key }}) in (select {{ key }} from touched)
