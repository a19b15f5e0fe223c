{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'base_currency', 'quote_currency', 'day', 'source'],
    settings=granules(),
    meta={'new_columns': 'filled'},
) }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('int_billing__settlement_changes') }}
{%- set key = 'workspace_id, connection_id, movement_id' %}
{%- set named = 'workspace_id, connection_id, source_id' %}
{%- set pair = 'workspace_id, connection_id, base_currency, quote_currency, day' %}
{%- set booked = 'workspace_id, connection_id, payment_currency, currency, toDate(booked_at)' %}
{%- set pays = "category in ('charge', 'refund')" %}
{#- How many decimals Stripe counts amounts in: ISO's, but for its own exceptions. #}
{%- set decimals = dict(var('iso_exponents')) %}
{%- for code, more in var('stripe_extra_decimals').items() %}{% do decimals.update({code: decimals.get(code, 2) + more}) %}{% endfor %}
{%- set unit = 'intExp10(transform(%s, ' ~ decimals.keys() | list ~ ', ' ~ decimals.values() | list ~ ', 2))' %}

with {% call touched_keys('touched', pair) %}
    select workspace_id, connection_id, payment_currency as base_currency, currency as quote_currency, toDate(booked_at) as day
    from {{ ref('fct_settlements') }}
    where {{ pays }} and exchange_rate > 0 and {{ landed_since('computed_at') }}
    {%- if is_incremental() %}
    union all
    -- A movement that is no more, or is booked otherwise, leaves the day that it counted for.
    select workspace_id, connection_id, payment_currency, currency, day from {{ ref('int_billing__settlement_changes') }}
    where {{ pays }} and payment_currency != currency and sign < 0 and {{ landed_since('computed_at') }}
    {%- endif %}
{% endcall %},

{% if is_incremental() -%}
standing as materialized (
    select {{ pair }}, source, rate, source_id, converted_at from {{ newest(this) }}
    where ({{ pair }}) in (select * from touched)
),

since as materialized (
    select {{ key }} from {{ ref('fct_settlements') }}
    where {{ landed_since('computed_at') }}
        and (({{ booked }}) in (select * from touched) or ({{ key }}) in (select {{ named }} from standing))
),

computed_again as materialized (select * from standing where ({{ named }}) in (select * from since)),

-- Days whose last movement has left: which was the last before it, all of the connection are asked. Processors take next to
-- nothing back; where no day has lost its last, only what was computed since is read.
lost as materialized (
    select workspace_id, connection_id from computed_again
    where ({{ pair }}, source_id, converted_at) not in (
        select {{ booked }}, movement_id, booked_at from {{ newest(ref('fct_settlements')) }}
        where ({{ key }}) in (select {{ named }} from computed_again) and {{ pays }} and exchange_rate > 0)
),
{%- endif %}

conversions as (
    select workspace_id, connection_id, payment_currency as base_currency, currency as quote_currency, toDate(booked_at) as day, provider as source,
        -- The processor's rate is one of the units in which it counts both currencies: yen, but cents and thousandths.
        assumeNotNull(exchange_rate) * {{ unit % 'payment_currency' }} / {{ unit % 'currency' }} as rate,
        movement_id as source_id, booked_at as converted_at
    from {{ newest(ref('fct_settlements')) }}
    where ({{ booked }}) in (select * from touched) and {{ pays }} and exchange_rate > 0
    {%- if is_incremental() %}
        and (({{ key }}) in (select * from since) or (workspace_id, connection_id) in (select * from lost))
    union all
    select * from standing where ({{ named }}) not in (select * from since)
    {%- endif %}
),

computed as (
    select {{ pair }}, source,
        argMax(conversions.rate, (conversions.converted_at, conversions.source_id)) as rate,
        argMax(conversions.source_id, (conversions.converted_at, conversions.source_id)) as source_id,
        max(conversions.converted_at) as converted_at,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at
    from conversions
    group by {{ pair }}, source
)

{{ computed_or_withdrawn('computed', pair ~ ', source', '(' ~ pair ~ ') in (select * from touched)') }}
