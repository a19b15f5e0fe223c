{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'episode_id'],
    settings=granules(),
    meta={'new_columns': 'filled'},
) }}
{%- set episode = 'workspace_id, connection_id, episode_id' %}
{%- set payment = 'workspace_id, connection_id, payment_id' %}
{%- set payer = 'workspace_id, connection_id, customer_id' %}
{%- set charge = 'workspace_id, connection_id, charge_id' %}
{%- set tens = 'arrayMap(n -> n * intExp10(' ~ iso_exponent('currency') ~ "), [10, 50, 100, 500])" %}

with
{%- if is_incremental() %}
-- Few customers have episodes, and for fewer of them anything has landed or was settled.
payers as materialized (
    select distinct {{ payer }} from {{ this }}
    where ({{ payer }}) in (
        select {{ payer }} from {{ ref('payment_attempts') }} where {{ landed_since() }}
        union all
        select {{ payer }} from {{ ref('fct_settlements') }} where {{ landed_since('computed_at') }})
),
{%- endif %}

{% call touched_keys('touched', episode) %}
    select {{ episode }} from {{ ref('fct_recovery_attempts') }} where {{ landed_since('computed_at') }}
    {%- if is_incremental() %}
    union all
    -- The plan may become known later.
    select {{ episode }} from {{ this }}
    where (workspace_id, connection_id, subscription_id) in (
        select workspace_id, connection_id, subscription_id from {{ ref('fct_subscriptions') }} where {{ landed_since('computed_at') }})
    union all
    -- A payment may be of the invoice no more: its attempts name another episode now. And one that never failed may pay
    -- it: the link, the charge, and what settles or takes back its money, land in any order.
    select {{ episode }} from {{ this }}
    where ({{ episode }}) in (
        select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }} where {{ landed_since() }}
        union all
        select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }}
        where ({{ payment }}) in (
            select {{ payment }} from {{ ref('payment_attempts') }}
            where {{ landed_since() }} and ({{ payer }}) in (select {{ payer }} from payers)
            union all
            select {{ payment }} from {{ ref('fct_settlements') }}
            where payment_id != '' and {{ landed_since('computed_at') }} and ({{ payer }}) in (select {{ payer }} from payers)))
    union all
    -- A charge that is of no payment is its customer's, whichever names the other: the invoice or the charge.
    select {{ episode }} from {{ this }}
    where invoice_id != '' and ({{ payer }}) in (
        select {{ payer }} from {{ ref('payment_attempts') }} where payment_id = id and {{ landed_since() }}
        union all
        select {{ payer }} from {{ ref('fct_settlements') }} where payment_id = '' and {{ landed_since('computed_at') }})
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
        argMaxIf(attempt_number, attempted_at, outcome = 'succeeded') as winner
    from (select *, minIf(attempted_at, outcome = 'failed') over (partition by {{ episode }}) as first_failed_at from attempts)
    group by {{ episode }}
),

payments as materialized (
    select {{ episode }},
        argMin(f.customer_id, f.first_failed_at) as customer_id,
        any(f.invoice_id) as invoice_id,
        any(f.subscription_id) as subscription_id,
        argMin(f.currency, f.first_failed_at) as currency,
        max(f.amount_minor) as largest_minor,
        sum(f.amount_minor) as asked_minor,
        min(f.first_failed_at) as opened_at,
        max(f.last_failed_at) as last_failed_at,
        max(f.recovered_at) as collected_at,
        max(f.lost_at) as given_up_at,
        multiIf(countIf(f.status = 'open') > 0, 'open', countIf(f.status = 'lost') > 0, 'lost', 'recovered') as state
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

-- What was billed, less what a balance in the customer's favour paid: a credit note takes of what is due.
invoices as materialized (
    select workspace_id, connection_id, id as episode_id, ifNull(status, '')::String as invoice_status, ifNull(customer_id, '') as billed_to,
        amount_due_minor, amount_remaining_minor, amount_due_minor + ifNull(pre_payment_credit_notes_amount_minor, 0) as billed_minor
    from {{ newest(ref('invoices')) }}
    where (workspace_id, connection_id, id) in (select {{ episode }} from touched)
),

-- What may pay an episode: its own payments, others of its invoice, and charges that name the invoice themselves. They are
-- its customer's, by whom attempts lie. What a link says was paid is what that payment paid of this invoice.
paying as materialized (
    select {{ episode }}, payment_id, max(told_minor) as told_minor, max(told_at) as told_at, max(is_told) as is_told,
        min(min(failed_at)) over (partition by {{ episode }}) as refused_at
    from (
        select {{ episode }}, payment_id, null::Nullable(Int64) as told_minor, null::Nullable(DateTime64(3, 'UTC')) as told_at, false as is_told,
            if(outcome = 'failed', attempted_at, null) as failed_at
        from attempts
        union all
        select workspace_id, connection_id, invoice_id, if(payment_id = '', ifNull(charge_id, ''), payment_id),
            if(status = 'paid', amount_paid_minor, null), if(status = 'paid', paid_at, null), ifNull(status = 'paid', false), null
        from {{ newest(ref('invoice_payments')) }}
        where ifNull(status, '') != 'canceled' and (payment_id != '' or charge_id is not null)
            and (workspace_id, connection_id, invoice_id) in (select {{ episode }} from touched)
        union all
        select workspace_id, connection_id, assumeNotNull(invoice_id), payment_id, null, null, false, null
        from {{ ref('payment_attempts') }}
        where (workspace_id, connection_id, ifNull(invoice_id, '')) in (select {{ episode }} from touched)
            and ({{ payer }}) in (select workspace_id, connection_id, billed_to from invoices)
    )
    group by {{ episode }}, payment_id
),

-- What its own payments collected their attempts tell. Those of others are looked up.
charges as materialized (
    select {{ payment }}, attempt_id as charge_id, currency, attempted_at as occurred_at, captured_minor
    from attempts where outcome = 'succeeded'
    union all
    select workspace_id, connection_id, payment_id, id as charge_id, ifNull(currency, '')::String as currency, occurred_at,
        ifNull(amount_captured_minor, ifNull(amount_minor, 0)) as captured_minor
    from {{ attempts_of_payments('paying where (' ~ payment ~ ') not in (select ' ~ payment ~ ' from attempts)') }}
    where is_deleted = 0 and status = 'succeeded'
),

moved as (
    select {{ charge }}, maxIf(available_at, category = 'charge') as available_at,
        sumMapIf(map(payment_currency, payment_minor), startsWith(category, 'refund')) as refunded,
        sumIf(sign(gross_minor), startsWith(category, 'dispute')) as times_taken
    from {{ newest(ref('fct_settlements')) }}
    where category in ('charge', 'refund', 'refund_failure', 'dispute', 'dispute_reversal')
        and (workspace_id, connection_id, movement_id) in (
            select workspace_id, connection_id, movement_id from {{ ref('fct_settlements') }}
            where ({{ charge }}) in (select {{ charge }} from charges))
    group by {{ charge }}
),

-- What a dispute took is told by the dispute, in the payer's currency: its movement is in the balance's.
disputes as (
    select workspace_id, connection_id, ifNull(charge_id, '') as charge_id, any(amount_minor) as disputed_minor, any(currency) as disputed_currency
    from {{ newest(ref('disputes')) }}
    where (workspace_id, connection_id, ifNull(charge_id, '')) in (select {{ charge }} from charges)
    group by {{ charge }}
),

-- By payment, which one charge collects. Money that went back is none, whenever it went.
charged as (
    select {{ payment }}, true as is_charged, sum(captured_minor) as captured_minor, max(occurred_at) as charged_at,
        max(available_at) as settled_by, countIf(moved.available_at is null) > 0 as is_awaited,
        sum(refunded[charges.currency] + if(disputed_currency = charges.currency, times_taken * ifNull(disputed_minor, 0), 0)) as returned_minor
    from charges
    left join moved using ({{ charge }})
    left join disputes using ({{ charge }})
    group by {{ payment }}
),

-- What came before the refused attempt was made is no recovery of it.
collected as (
    select {{ episode }}, sum(part_minor) as paid_minor, countIf(is_told and part_minor is null) as untold,
        sumIf(part_minor, is_since) as since_minor, sumIf(part_returned, is_since) as returned_minor,
        countIf(is_since and part_minor > 0 and part_awaited) as awaited, maxIf(part_settled_by, is_since) as settled_by,
        maxIf(part_at, is_since and part_minor > 0) as came_at
    from (
        select {{ episode }}, is_told, coalesce(told_minor, if(is_charged, captured_minor, null)) as part_minor,
            if(is_charged, charged_at, told_at) as part_at, ifNull(part_at >= refused_at, true) as is_since,
            not is_charged or is_awaited as part_awaited, settled_by as part_settled_by, returned_minor as part_returned
        from paying
        left join charged using ({{ payment }})
    )
    group by {{ episode }}
),

-- Paid, and no payment or charge says by what: at the bank, in cash. Not known while a payment's share is not.
counted as (
    select *,
        if(billed_minor is null, largest_minor, greatest(largest_minor, least(asked_minor, assumeNotNull(billed_minor)))) as amount_minor,
        if(invoice_status = 'paid' and untold = 0, greatest(ifNull(amount_due_minor, amount_minor) - ifNull(paid_minor, 0), 0), 0) as elsewhere_minor,
        ifNull(since_minor, 0) + elsewhere_minor as came_minor,
        least(came_minor, amount_minor) as collected_minor,
        multiIf(
            invoice_status = 'paid', if(came_minor > 0 or untold > 0, 'recovered', 'lost'),
            came_minor > 0 and came_minor >= amount_minor, 'recovered',
            state) as outcome
    from payments
    inner join tried using ({{ episode }})
    left join invoices using ({{ episode }})
    left join collected using ({{ episode }})
    -- A payment that was in another episode before brings that one along: not all of it, in a slice that has not its key.
    where ({{ episode }}) in (select {{ episode }} from touched)
),

computed as (
    select
        {{ episode }},
        ifNull(invoice_id, '') as invoice_id,
        ifNull(subscription_id, '') as subscription_id,
        customer_id,
        plans.plan as plan,
        plans.interval as interval,
        payer_country as country,
        first_refusal.7 as method,
        currency,
        toInt64(amount_minor) as amount_minor,
        multiIf(
            amount_minor < {{ tens }}[1], 'under 10',
            amount_minor < {{ tens }}[2], '10 to 50',
            amount_minor < {{ tens }}[3], '50 to 100',
            amount_minor < {{ tens }}[4], '100 to 500',
            '500 and more') as amount_band,
        opened_at,
        first_refusal.1 as decline_code,
        first_refusal.2 as reason,
        first_refusal.3 as severity,
        first_refusal.4 as is_retriable,
        first_refusal.5 as opened_hour,
        first_refusal.6 as opened_weekday,
        toUInt32(attempts_made) as attempts_made,
        toUInt32(attempts_failed) as attempts_failed,
        toUInt32(retries_made) as retries_made,
        last_failed_at,
        last_code as last_decline_code,
        outcome,
        if(outcome = 'recovered', coalesce(collected_at, came_at), null) as recovered_at,
        toUInt32(if(outcome = 'recovered', winner, 0)) as recovered_by_attempt,
        -- The last of what was collected; of what was paid outside the provider there is nothing to wait for.
        multiIf(
            collected_minor = 0 or awaited > 0, null,
            elsewhere_minor = 0, settled_by,
            since_minor = 0, collected_at,
            greatest(settled_by, collected_at)) as settled_at,
        if(outcome = 'lost', greatest(coalesce(given_up_at, collected_at, last_failed_at), opened_at), null) as lost_at,
        toInt64(greatest(least(came_minor + ifNull(returned_minor, 0), amount_minor), 0)) as recovered_minor,
        toInt64(if(outcome = 'open', greatest(least(amount_minor - collected_minor, ifNull(amount_remaining_minor, amount_minor)), 0), 0)) as at_risk_minor,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at,
        toInt64(collected_minor) as collected_minor
    from counted
    left join plans using (workspace_id, connection_id, subscription_id)
)

-- Withdrawn: an episode whose payments are there no more. A payment that turned out to be an invoice's is an episode of
-- the invoice: its own is withdrawn.
{{ computed_or_withdrawn('computed', episode, stood='(' ~ episode ~ ') in (
        select ' ~ episode ~ ' from touched
        union all
        select workspace_id, connection_id, payment_id from attempts where episode_id != payment_id)') }}
