{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'day', 'category', 'method', 'brand', 'country', 'payment_currency', 'currency'],
    settings=granules(),
) }}
{%- set day = 'workspace_id, connection_id, day' %}
{%- set cell = day ~ ', category, method, brand, country, payment_currency, currency' %}

with {% call touched_keys('touched', day) %}
    select distinct {{ day }} from {{ ref('int_billing__settlement_changes') }} where {{ landed_since('computed_at') }}
{% endcall %},

written as (
    select {{ cell }}, computed_at as written_at,
        sum(sign) as movements,
        sum(if(changes.fee_minor != 0, sign, 0)) as movements_with_fee,
        sum(sign * changes.payment_minor) as payment_minor,
        sum(sign * changes.gross_minor) as gross_minor,
        sum(sign * changes.fee_minor) as fee_minor,
        sum(sign * changes.net_minor) as net_minor
    from {{ changes_since(ref('int_billing__settlement_changes'), 'workspace_id, connection_id, movement_id') }} as changes
    where ({{ day }}) in (select * from touched)
    group by {{ cell }}, written_at
),

{{ added_to_days(cell, ['movements', 'movements_with_fee', 'payment_minor', 'gross_minor', 'fee_minor', 'net_minor']) }}
