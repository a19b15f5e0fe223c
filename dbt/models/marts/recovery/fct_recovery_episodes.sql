{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'episode_id'],
    settings=granules(),
) }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('invoice_payments') }}
{%- set episode = 'workspace_id, connection_id, episode_id' %}
{%- set tens = 'arrayMap(n -> n * intExp10(' ~ iso_exponent('currency') ~ "), [10, 50, 100, 500])" %}

with {% call touched_keys('touched', episode) %}
    select {{ episode }} from {{ ref('fct_recovery_attempts') }} where {{ landed_since('computed_at') }}
    {%- if is_incremental() %}
    union all
    -- The plan may become known later.
    select {{ episode }} from {{ this }}
    where (workspace_id, connection_id, subscription_id) in (
        select workspace_id, connection_id, subscription_id from {{ ref('fct_subscriptions') }} where {{ landed_since('computed_at') }})
    union all
    -- A payment may be of the invoice no more: its attempts name another episode now.
    select {{ episode }} from {{ this }}
    where ({{ episode }}) in (select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }} where {{ landed_since() }})
    {%- endif %}
{% endcall %},

attempts as materialized (
    select * from {{ newest(ref('fct_recovery_attempts')) }}
    where (workspace_id, connection_id, payment_id) in (
        select workspace_id, connection_id, payment_id from {{ ref('fct_recovery_attempts') }}
        where ({{ episode }}) in (select {{ episode }} from touched))
),

tried as (
    select {{ episode }},
        count() as attempts_made,
        countIf(outcome = 'failed') as attempts_failed,
        -- Retries are what came after a refusal, whichever payment of the invoice made them.
        countIf(attempted_at > first_failed_at) as retries_made,
        argMinIf((decline_code, reason, severity, is_retriable, attempted_hour, attempted_weekday, method), attempted_at, outcome = 'failed') as first_refusal,
        argMaxIf(decline_code, attempted_at, outcome = 'failed') as last_code,
        argMinIf(country, attempted_at, country != '') as payer_country,
        argMinIf((attempt_number, settled_at, attempted_at), attempted_at, outcome = 'succeeded') as winner,
        countIf(outcome = 'succeeded') > 0 as is_collected
    from (select *, minIf(attempted_at, outcome = 'failed') over (partition by {{ episode }}) as first_failed_at from attempts)
    group by {{ episode }}
),

payments as materialized (
    select {{ episode }},
        argMin(f.customer_id, f.first_failed_at) as customer_id,
        any(f.invoice_id) as invoice_id,
        any(f.subscription_id) as subscription_id,
        argMin(f.currency, f.first_failed_at) as currency,
        max(f.amount_minor) as amount_minor,
        min(f.first_failed_at) as opened_at,
        max(f.last_failed_at) as last_failed_at,
        min(f.recovered_at) as recovered_at,
        multiIf(countIf(f.status = 'recovered') > 0, 'recovered', countIf(f.status = 'open') > 0, 'open', 'lost') as outcome
    from (
        select *, if(ifNull(invoice_id, '') != '', assumeNotNull(invoice_id), payment_id) as episode_id
        from {{ newest(ref('fct_failed_payments')) }}
        where (workspace_id, connection_id, payment_id) in (select workspace_id, connection_id, payment_id from attempts)
    ) as f
    group by {{ episode }}
),

plans as (
    select workspace_id, connection_id, subscription_id::Nullable(String) as subscription_id, plan, interval
    from {{ newest(ref('fct_subscriptions')) }}
    where (workspace_id, connection_id, subscription_id) in (
        select workspace_id, connection_id, assumeNotNull(subscription_id) from payments where subscription_id is not null)
),

closed as (
    select workspace_id, connection_id, id::Nullable(String) as invoice_id, coalesce(voided_at, marked_uncollectible_at) as given_up_at
    from {{ newest(ref('invoices')) }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(invoice_id) from payments where invoice_id is not null)
),

ended as (
    select workspace_id, connection_id, id::Nullable(String) as subscription_id, ended_at
    from {{ newest(ref('subscriptions')) }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(subscription_id) from payments where subscription_id is not null)
),

computed as (
    select
        {{ episode }},
        ifNull(invoice_id, '') as invoice_id,
        ifNull(subscription_id, '') as subscription_id,
        customer_id,
        plans.plan as plan,
        plans.interval as interval,
        tried.payer_country as country,
        tried.first_refusal.7 as method,
        currency,
        amount_minor,
        multiIf(
            amount_minor < {{ tens }}[1], 'under 10',
            amount_minor < {{ tens }}[2], '10 to 50',
            amount_minor < {{ tens }}[3], '50 to 100',
            amount_minor < {{ tens }}[4], '100 to 500',
            '500 and more') as amount_band,
        opened_at,
        tried.first_refusal.1 as decline_code,
        tried.first_refusal.2 as reason,
        tried.first_refusal.3 as severity,
        tried.first_refusal.4 as is_retriable,
        tried.first_refusal.5 as opened_hour,
        tried.first_refusal.6 as opened_weekday,
        toUInt32(tried.attempts_made) as attempts_made,
        toUInt32(tried.attempts_failed) as attempts_failed,
        toUInt32(tried.retries_made) as retries_made,
        last_failed_at,
        tried.last_code as last_decline_code,
        outcome,
        recovered_at,
        toUInt32(if(outcome = 'recovered' and tried.is_collected, tried.winner.1, 0)) as recovered_by_attempt,
        -- Paid outside the provider, there is nothing to wait for.
        multiIf(outcome != 'recovered', null, tried.is_collected, tried.winner.2, recovered_at) as settled_at,
        if(outcome = 'lost', coalesce(least(closed.given_up_at, ended.ended_at), closed.given_up_at, ended.ended_at), null) as lost_at,
        toInt64(if(outcome = 'recovered', amount_minor, 0)) as recovered_minor,
        toInt64(if(outcome = 'open', amount_minor, 0)) as at_risk_minor,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at
    from payments
    inner join tried using ({{ episode }})
    left join plans using (workspace_id, connection_id, subscription_id)
    left join closed using (workspace_id, connection_id, invoice_id)
    left join ended using (workspace_id, connection_id, subscription_id)
    -- A payment that was in another episode before brings that one along: not all of it, in a slice that has not its key.
    where ({{ episode }}) in (select {{ episode }} from touched)
)

-- Withdrawn: an episode whose payments are there no more. A payment that turned out to be an invoice's is an episode of
-- the invoice: its own is withdrawn.
{{ computed_or_withdrawn('computed', episode, stood='(' ~ episode ~ ') in (
        select ' ~ episode ~ ' from touched
        union all
        select workspace_id, connection_id, payment_id from attempts where episode_id != payment_id)') }}
