{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'payment_id'],
    settings=granules(),
    meta={'new_columns': 'filled'},
) }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('stg_stripe__charges') }}
{%- set payment = 'workspace_id, connection_id, payment_id' %}

with {% call touched_keys('touched_payments', payment) %}
    -- Payments that never failed are no concern of this mart: most of them.
    select {{ payment }} from {{ ref('payment_attempts') }} where status = 'failed' and {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- A bank debit fails when its money is taken back: the movement names the charge, and may land after it.
    select workspace_id, connection_id, coalesce(payment_intent_id, id)
    from {{ ref('stg_stripe__charges') }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(transaction_id) from {{ ref('balance_transactions') }}
        where reporting_category = 'charge_failure' and transaction_id is not null and {{ landed_since() }})
    union all
    -- A payment is also recovered or lost by its next attempt, or by what becomes of it, of its invoice or subscription,
    -- whatever was known of it before: rows land in any order, and a lost one may still be paid.
    select {{ payment }} from {{ this }}
    where
        ({{ payment }}) in (select {{ payment }} from {{ ref('payment_attempts') }} where {{ landed_since() }})
        or ({{ payment }}) in (select workspace_id, connection_id, id from {{ ref('payments') }} where {{ landed_since() }})
        or ({{ payment }}) in (
            select {{ payment }} from {{ ref('invoice_payments') }} where {{ landed_since() }})
        or (workspace_id, connection_id, invoice_id) in (
            select workspace_id, connection_id, id::Nullable(String) from {{ ref('invoices') }} where {{ landed_since() }})
        or (workspace_id, connection_id, subscription_id) in (
            select workspace_id, connection_id, id::Nullable(String) from {{ ref('subscriptions') }} where {{ landed_since() }})
    {%- endif %}
{% endcall %},

attempts as materialized (
    select * from {{ attempts_of_payments('touched_payments') }}
    where is_deleted = 0
),

failed_payments as materialized (
    select {{ payment }},
        -- One list shows all attempts in one version: a customer who was named outranks the guest.
        argMax(attempts.customer_id, (attempts.customer_id != '', attempts.version)) as customer_id,
        any(attempts.currency) as currency,
        max(attempts.amount_minor) as amount_minor,
        toUInt32(count()) as attempts_made,
        toUInt32(countIf(status = 'failed')) as attempts_failed,
        minIf(coalesce(booked.created_at, occurred_at), status = 'failed') as first_failed_at,
        maxIf(coalesce(booked.created_at, occurred_at), status = 'failed') as last_failed_at,
        -- In tuples: argMin and argMax pass over nulls, and would tell another attempt's reason.
        argMinIf(tuple(decline_code), occurred_at, status = 'failed').1 as first_decline_code,
        argMaxIf(tuple(decline_code), occurred_at, status = 'failed').1 as last_decline_code,
        argMaxIf(tuple(failure_code), occurred_at, status = 'failed').1 as last_failure_code,
        argMaxIf(tuple(payment_method_type), occurred_at, status = 'failed').1 as last_payment_method_type,
        minIf(occurred_at::Nullable(DateTime64(3, 'UTC')), status = 'succeeded') as succeeded_at,
        max(attempts.invoice_id) as attempt_invoice_id
    from attempts
    -- A bank debit fails days after it was made: when its money was taken back.
    left join (
        select workspace_id, connection_id, id, created_at from {{ newest(ref('balance_transactions')) }}
        where (workspace_id, connection_id, id) in (
            select workspace_id, connection_id, assumeNotNull(failure_balance_transaction_id) from attempts
            where failure_balance_transaction_id is not null)
    ) as booked
        on attempts.workspace_id = booked.workspace_id and attempts.connection_id = booked.connection_id
        and ifNull(attempts.failure_balance_transaction_id, '') = booked.id
    group by {{ payment }}
    having attempts_failed > 0
),

links as (
    {{ invoices_of_payments('touched_payments') }}
),

invoiced as materialized (
    select failed_payments.* except (attempt_invoice_id),
        coalesce(attempt_invoice_id, nullIf(linked_invoice_id, '')) as invoice_id
    from failed_payments
    left join links using ({{ payment }})
),

-- Paid, and nothing of it was due: a credit note took the debt away, and no money came.
invoices as materialized (
    select workspace_id, connection_id, id::Nullable(String) as invoice_id, subscription_id, status as invoice_status,
        ifNull(status = 'paid' and amount_due_minor = 0 and ifNull(amount_paid_minor, 0) = 0, false) as is_credited,
        if(status = 'paid' and not is_credited, paid_at, null) as invoice_paid_at,
        multiIf(
            status = 'void', voided_at, status = 'uncollectible', marked_uncollectible_at, is_credited, paid_at,
            null) as given_up_at
    from {{ newest(ref('invoices')) }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(invoice_id) from invoiced where invoice_id is not null)
),

subscriptions as (
    select workspace_id, connection_id, id::Nullable(String) as subscription_id, ended_at as subscription_ended_at
    from {{ newest(ref('subscriptions')) }}
    where (workspace_id, connection_id, id) in (
        select workspace_id, connection_id, assumeNotNull(subscription_id) from invoices where subscription_id is not null)
),

-- A canceled payment can be collected no more. What it was for may be paid by another, which nothing links to it.
canceled as (
    select workspace_id, connection_id, id as payment_id, true as is_canceled, canceled_at
    from {{ newest(ref('payments')) }}
    where status = 'canceled' and (workspace_id, connection_id, id) in (select {{ payment }} from invoiced where invoice_id is null)
),

settled as (
    select *, coalesce(invoice_paid_at, succeeded_at) as recovered_at,
        coalesce(canceled_at, least(given_up_at, subscription_ended_at), given_up_at, subscription_ended_at) as ended_at,
        multiIf(
            recovered_at is not null, 'recovered',
            invoice_status in ('void', 'uncollectible') or is_credited or is_canceled or subscription_ended_at is not null, 'lost',
            'open') as outcome
    from invoiced
    left join invoices using (workspace_id, connection_id, invoice_id)
    left join subscriptions using (workspace_id, connection_id, subscription_id)
    left join canceled using ({{ payment }})
),

computed as (
    select {{ payment }}, customer_id, invoice_id, subscription_id, ifNull(currency, '') as currency,
        ifNull(amount_minor, 0) as amount_minor, attempts_made, attempts_failed, first_failed_at, last_failed_at,
        first_decline_code, last_decline_code, last_failure_code, last_payment_method_type,
        outcome as status,
        recovered_at,
        toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
        toUInt8(0) as is_deleted,
        {{ run_began_at() }} as computed_at,
        -- What had ended before it failed is lost with the failure.
        if(outcome = 'lost', greatest(ifNull(ended_at, last_failed_at), first_failed_at), null) as lost_at
    from settled
)

-- Withdrawn: a payment of which no failed attempt is there any more.
{{ computed_or_withdrawn('computed', payment, stood='(' ~ payment ~ ') in (select ' ~ payment ~ ' from touched_payments)') }}
