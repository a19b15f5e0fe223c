{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'payment_id', 'attempt_id'],
    settings=granules(),
    indexes=[
        {'name': 'computed', 'definition': 'computed_at type minmax granularity 1'},
        {'name': 'episode', 'definition': 'episode_id type bloom_filter(0.000001) granularity 4'},
    ],
    meta={'new_columns': 'filled'},
) }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('fct_settlements') }}
{%- set payment = 'workspace_id, connection_id, payment_id' %}

with {% call touched_keys('touched', payment) %}
    select {{ payment }} from {{ ref('fct_failed_payments') }}
    where {{ landed_since('computed_at') }}
    {%- if is_incremental() %}
    union all
    -- What collected it may settle later than it was collected.
    select {{ payment }} from {{ ref('fct_failed_payments') }}
    where ({{ payment }}) in (
        select workspace_id, connection_id, if(payment_id = '', charge_id, payment_id) from {{ ref('fct_settlements') }}
        where {{ landed_since('computed_at') }})
    {%- endif %}
{% endcall %},

failed as materialized (
    select * from {{ newest(ref('fct_failed_payments')) }} where ({{ payment }}) in (select {{ payment }} from touched)
),

attempts as materialized (
    select * from {{ attempts_of_payments('failed') }}
    where is_deleted = 0
),

settled as (
    select workspace_id, connection_id, id::Nullable(String) as balance_transaction_id, available_at
    from {{ newest(ref('balance_transactions')) }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(balance_transaction_id) from attempts where balance_transaction_id is not null)
),

codes as (
    select code::Nullable(String) as decline_code, reason, severity, is_retriable, needs_customer_action
    from {{ ref('decline_codes') }} where provider = 'stripe' and vocabulary = 'decline_code'
),

advices as (
    select code::Nullable(String) as advice_code, min(is_retriable) as advice_allows
    from {{ ref('decline_codes') }} where vocabulary in ('advice_code', 'network_advice_code') group by code
),

numbered as (
    select a.workspace_id as workspace_id, a.connection_id as connection_id, a.id as attempt_id, a.payment_id as payment_id,
        if(ifNull(f.invoice_id, '') != '', assumeNotNull(f.invoice_id), a.payment_id) as episode_id, f.customer_id as payer_id,
        toUInt32(row_number() over earlier) as attempt_number,
        lagInFrame(a.decline_code, 1) over earlier as decline_code_before,
        ifNull(a.payment_method_id, '') as method_id, lagInFrame(method_id, 1) over earlier as method_before,
        a.provider as provider, a.occurred_at as attempted_at, ifNull(a.status, '') as state, a.currency as currency, a.amount_minor as amount_minor,
        coalesce(a.amount_captured_minor, a.amount_minor, 0) as collected_minor,
        a.decline_code::Nullable(String) as decline_code, a.advice_code::Nullable(String) as advice_code,
        a.payment_method_type as method, a.payer_country as payer_country, s.available_at as available_at
    from attempts as a
    inner join failed as f on a.workspace_id = f.workspace_id and a.connection_id = f.connection_id and a.payment_id = f.payment_id
    left join settled as s on a.workspace_id = s.workspace_id and a.connection_id = s.connection_id and a.balance_transaction_id = s.balance_transaction_id
    window earlier as (
        partition by a.workspace_id, a.connection_id, a.payment_id order by a.occurred_at, a.id rows between unbounded preceding and current row)
),

computed as (
    select workspace_id, connection_id, payment_id, attempt_id, episode_id, payer_id as customer_id,
        attempt_number,
        (attempt_number > 1)::Bool as is_retry,
        attempted_at,
        toHour(attempted_at, 'UTC') as attempted_hour,
        toDayOfWeek(attempted_at, 0, 'UTC') as attempted_weekday,
        multiIf(state = 'succeeded', 'succeeded', state = 'failed', 'failed', 'pending') as outcome,
        ifNull(currency, '')::String as currency,
        toInt64(ifNull(amount_minor, 0)) as amount_minor,
        ifNull(method, '')::String as method,
        ifNull(payer_country, '')::String as country,
        ifNull(decline_code, '') as decline_code,
        ifNull(advice_code, '') as advice_code,
        ifNull(decline_code_before, '')::String as previous_decline_code,
        if(outcome = 'failed', if(codes.reason = '', 'issuer', codes.reason), '') as reason,
        if(outcome = 'failed', multiIf(advices.advice_code is not null and not advices.advice_allows, 'hard', codes.severity = '', 'soft', codes.severity), '') as severity,
        (outcome = 'failed' and (codes.decline_code is null or codes.is_retriable)
            and (advices.advice_code is null or advices.advice_allows))::Bool as is_retriable,
        (outcome = 'failed' and codes.needs_customer_action)::Bool as needs_customer_action,
        if(outcome = 'succeeded', available_at, null) as settled_at,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at,
        ifNull(provider, '')::String as provider,
        (attempt_number > 1 and method_id != '' and method_id = method_before)::Bool as is_same_method,
        toInt64(if(outcome = 'succeeded', collected_minor, 0)) as captured_minor
    from numbered
    left join codes using (decline_code)
    left join advices using (advice_code)
)

-- Withdrawn: an attempt that, or whose failed payment, is there no more.
{{ computed_or_withdrawn('computed', payment ~ ', attempt_id', stood='(' ~ payment ~ ') in (select ' ~ payment ~ ' from touched)') }}
