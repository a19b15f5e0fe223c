{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'day', 'currency', 'kind', 'product_id'],
    settings=granules(),
) }}
{%- set day = 'workspace_id, connection_id, day' %}
{%- set cell = day ~ ', currency, kind, product_id' %}
{%- set changes = changes_since(ref('int_billing__revenue_changes'), 'workspace_id, connection_id, invoice_id, line_id') %}
{#- A line lives from the day of its bill to the last of its time, or to the one on which its invoice was voided: in seconds
    and days of the epoch, which cost less than moments. No later than a Date reaches. -#}
{%- set first_day = 'greatest(intDiv(toUnixTimestamp64Milli(billed_at), 86400000), 0)' %}
{%- set last_day = 'intDiv(toUnixTimestamp64Milli(ifNull(voided_at, greatest(billed_at, ends_at))), 86400000)' %}
{%- set life = 'range(toUInt32(least(' ~ first_day ~ ', 65379)), toUInt32(least(greatest(' ~ last_day ~ ', ' ~ first_day ~ '), 65379)) + 1)' %}
{#- What a line has earned by the beginning of a day; nothing before it is billed, and never any of what was voided. -#}
{%- set earned = 'if(is_void or 86400000 * (number + DAYS) <= billed_ms, toInt128(0), if(ends_ms <= 86400000 * (number + DAYS), net,
        intDiv(net * greatest(86400 * (number + DAYS) - starts_s, 0), lasts_s)))' %}

with {% call touched_keys('touched', day) %}
    select distinct workspace_id, connection_id, toDate(arrayJoin({{ life }})) as day
    from {{ ref('int_billing__revenue_changes') }}
    where {{ landed_since('computed_at') }}
{% endcall %},

lives as (
    select workspace_id, connection_id, currency, kind, product_id, sign, computed_at, toInt128(net_minor) as net,
        toUnixTimestamp64Milli(billed_at) as billed_ms,
        toUnixTimestamp64Milli(ends_at) as ends_ms,
        intDiv(toUnixTimestamp64Milli(starts_at), 1000) as starts_s,
        greatest(intDiv(ends_ms, 1000) - starts_s, 1) as lasts_s,
        voided_at is not null as is_void,
        {{ life }} as life
    from {{ changes }} as changes
    where (workspace_id, connection_id) in (select workspace_id, connection_id from touched)
),

days as (
    select workspace_id, connection_id, toDate(number) as day, currency, kind, product_id, sign, computed_at,
        if(number = life[1], net, toInt128(0)) - if(is_void and number = life[-1], net, toInt128(0)) as billed,
        {{ earned | replace('DAYS', '1') }} - {{ earned | replace('DAYS', '0') }} as earned
    from lives
    array join life as number
    where (workspace_id, connection_id, toDate(number)) in (select * from touched)
),

written as (
    select {{ cell }}, computed_at as written_at,
        sum(sign) as lines,
        toInt64(sum(sign * billed)) as billed_minor,
        toInt64(sum(sign * earned)) as earned_minor
    from days
    group by {{ cell }}, written_at
),

{{ added_to_days(cell, ['lines', 'billed_minor', 'earned_minor']) }}
