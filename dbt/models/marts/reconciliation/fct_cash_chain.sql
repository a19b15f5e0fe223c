{{ config(materialized='view') }}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set never = "toDateTime64(0, 3, 'UTC')" %}

with paid_invoices as (
    select workspace_id, connection_id, invoice_id as id, sum(ifNull(amount_paid_minor, 0)) as paid_minor,
        arraySort(groupArray(if(payment_id = '', ifNull(charge_id, ''), payment_id))) as payments
    from {{ newest(ref('invoice_payments')) }}
    where status = 'paid'
    group by {{ key }}
),

invoice_to_payments as (
    select invoices.workspace_id as workspace_id, invoices.connection_id as connection_id, 'invoice_to_payments' as step,
        invoices.id as thing_id, paid_invoices.payments as next_ids, ifNull(invoices.currency, '')::String as code, code as next_code,
        ifNull(invoices.amount_due_minor, 0) as amount, paid_invoices.paid_minor as next_amount,
        amount - next_amount as residual,
        if(residual = 0, '', if(invoices.status = 'paid', 'paid_elsewhere', ifNull(invoices.status, '')::String)) as why,
        ifNull(invoices.finalized_at, {{ never }}) as at
    from (select * from {{ newest(ref('invoices')) }}) as invoices
    left join paid_invoices using ({{ key }})
    where invoices.status in ('open', 'paid', 'uncollectible') and invoices.finalized_at is not null
),

-- A guest's attempt that was given a customer later lies under two keys, which FINAL shows both.
succeeded as (
    select {{ key }}, argMax((payment_id, currency, ifNull(amount_captured_minor, 0), occurred_at, status, is_deleted), version) as state,
        state.1 as payment, ifNull(state.2, '')::String as charged_code, state.3 as captured_minor, state.4 as charged_at
    from {{ ref('payment_attempts') }}
    group by {{ key }}
    having state.5 = 'succeeded' and state.6 = 0
),

collected as (
    select workspace_id, connection_id, payment as id, sum(captured_minor) as collected_minor,
        arraySort(groupArray(succeeded.id)) as charges
    from succeeded
    group by {{ key }}
),

payment_to_charges as (
    select payments.workspace_id as workspace_id, payments.connection_id as connection_id, 'payment_to_charges' as step,
        payments.id as thing_id, collected.charges as next_ids, ifNull(payments.currency, '')::String as code, code as next_code,
        ifNull(payments.amount_received_minor, 0) as amount, collected.collected_minor as next_amount,
        amount - next_amount as residual, if(residual = 0, '', 'charges_differ') as why,
        ifNull(payments.created_at, {{ never }}) as at
    from (select * from {{ newest(ref('payments')) }}) as payments
    left join collected using ({{ key }})
    where ifNull(payments.amount_received_minor, 0) != 0 or collected.collected_minor != 0
),

-- A charge of which less was captured than authorized is booked whole, and the rest of it is booked back as a refund.
booked as (
    select workspace_id, connection_id, if(refunds.charge_id = '', transaction_id, refunds.charge_id) as id,
        any(currency) as settled_code, sum(amount_minor) as settled_minor, arraySort(groupArray(lines.id)) as booked_lines
    from (
        select * from {{ newest(ref('int_reconciliation__payout_lines')) }}
        where transaction_id != '' and category in ('charge', 'partial_capture_reversal')
    ) as lines
    left join (
        select workspace_id, connection_id, id as transaction_id, ifNull(parent_id, '') as charge_id
        from {{ newest(ref('transactions')) }}
        where (workspace_id, connection_id, id) in (
            select workspace_id, connection_id, transaction_id from {{ ref('int_reconciliation__payout_lines') }}
            where category = 'partial_capture_reversal')
    ) as refunds using (workspace_id, connection_id, transaction_id)
    group by {{ key }}
),

charge_to_balance as (
    select charges.workspace_id as workspace_id, charges.connection_id as connection_id, 'charge_to_balance' as step,
        charges.id as thing_id, booked.booked_lines as next_ids, charged_code as code,
        if(settled_code = '', code, settled_code) as next_code,
        captured_minor as amount, booked.settled_minor as next_amount,
        if(next_code = code, amount - next_amount, 0) as residual,
        multiIf(empty(booked_lines), 'not_booked', next_code != code, 'converted', residual = 0, '', 'amount_differs') as why,
        charged_at as at
    from succeeded as charges
    left join booked using ({{ key }})
    where captured_minor != 0
),

taken as (
    select workspace_id, connection_id, payout_id as id, currency as code, sum(net_minor) as net, count() as lines_taken,
        max(happened_at) as last_at
    from {{ newest(ref('int_reconciliation__payout_lines')) }}
    group by {{ key }}, code
),

balance_to_payout as (
    select payouts.workspace_id as workspace_id, payouts.connection_id as connection_id, 'balance_to_payout' as step,
        payouts.id as thing_id, [payouts.id] as next_ids, ifNull(payouts.currency, '')::String as code, code as next_code,
        taken.net as amount, ifNull(payouts.amount_minor, 0) as next_amount, amount - next_amount as residual,
        if(residual = 0, '', 'lines_differ') as why, ifNull(payouts.created_at, {{ never }}) as at
    from (select * from {{ newest(ref('payouts')) }}) as payouts
    left join taken on taken.workspace_id = payouts.workspace_id and taken.connection_id = payouts.connection_id
        and taken.id = payouts.id and taken.code = ifNull(payouts.currency, '')
    where ifNull(payouts.is_automatic, false)
    union all
    select workspace_id, connection_id, 'balance_to_payout', '', [], code, code, net, 0, net, 'not_paid_out', last_at
    from taken
    where id = ''
),

payout_to_deposits as (
    select workspace_id, connection_id, 'payout_to_deposits' as step, id as thing_id,
        arrayMap(part -> tupleElement(part, 2), deposits) as next_ids, currency::String as code, code as next_code,
        amount_minor as amount, if(empty(deposits), 0, amount_minor - difference_minor) as next_amount,
        amount - next_amount as residual,
        if(residual = 0 and bank_verdict != 'matched_converted', '', bank_verdict::String) as why,
        toDateTime64(happened_on, 3, 'UTC') as at
    from {{ newest(source('reconciliation', 'fct_payout_reconciliation')) }}
),

booked_entries as (
    select workspace_id, deposit, sum(amount_minor) as entered_minor
    from (
        select workspace_id, amount_minor, arrayJoin(arrayMap(part -> (part.1, part.2), deposits)) as deposit
        from {{ newest(source('reconciliation', 'fct_entry_reconciliation')) }}
    )
    group by workspace_id, deposit
),

deposit_to_entries as (
    select matched.workspace_id as workspace_id, connection_id, 'deposit_to_entries' as step, id as thing_id,
        arrayMap(part -> tupleElement(part, 2), entries) as next_ids, currency::String as code, code as next_code,
        amount_minor as amount,
        multiIf(books_verdict = 'matched', amount_minor, empty(entries), 0, booked_entries.entered_minor) as next_amount,
        amount - next_amount as residual, if(residual = 0, '', books_verdict::String) as why,
        toDateTime64(happened_on, 3, 'UTC') as at
    from (select * from {{ newest(source('reconciliation', 'fct_deposit_reconciliation')) }}) as matched
    left join booked_entries
        on booked_entries.workspace_id = matched.workspace_id
        and booked_entries.deposit = (matched.connection_id, matched.id)
    where notEmpty(payouts)
)

select
    workspace_id,
    connection_id,
    step,
    thing_id,
    next_ids,
    code as currency,
    next_code as next_currency,
    toInt64(amount) as amount_minor,
    toInt64(next_amount) as next_amount_minor,
    toInt64(residual) as residual_minor,
    why as reason,
    at as happened_at
from (
    {%- for step in ['invoice_to_payments', 'payment_to_charges', 'charge_to_balance', 'balance_to_payout',
        'payout_to_deposits', 'deposit_to_entries'] %}
    select * from {{ step }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)
