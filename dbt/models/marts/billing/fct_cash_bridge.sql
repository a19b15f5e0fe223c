{{ config(materialized='view') }}
{%- set place = 'workspace_id, connection_id' %}
{%- set moved = "('payout', 'topup', 'transfer')" %}

with invoices as (
    select *, toStartOfMonth(assumeNotNull(issued_on)) as month
    from {{ newest(ref('fct_invoices')) }}
    where issued_on is not null and status in ('open', 'paid', 'uncollectible')
),

lines as (
    select {{ place }}, currency, toStartOfMonth(toDate(billed_at)) as month, kind, net_minor
    from {{ newest(ref('fct_revenue_lines')) }}
    -- An invoice that was voided asks for nothing.
    where voided_at is null
),

-- MRR at the end of each month, by whether the subscription is billed by the month.
changes as (
    select {{ place }}, currency, subscription_id, changed_on,
        mrr_minor - lagInFrame(mrr_minor, 1, toInt64(0)) over (
            partition by {{ place }}, customer_id, subscription_id order by changed_on rows between 1 preceding and current row) as delta_minor
    from {{ newest(ref('int_billing__subscription_mrr')) }}
),

standing as (
    select {{ place }}, changes.currency as currency, delta_minor,
        agreed.interval = 'month' and agreed.interval_count = 1 as is_monthly,
        addMonths(toStartOfMonth(changed_on), arrayJoin(range(toUInt32(dateDiff('month', changed_on, today())) + 1))) as month
    from changes
    left join (select {{ place }}, subscription_id, interval, interval_count from {{ newest(ref('fct_subscriptions')) }}) as agreed
        using ({{ place }}, subscription_id)
),

links as (
    select {{ place }}, payment_id, any(invoice_id) as invoice_id
    from {{ newest(ref('invoice_payments')) }}
    where payment_id != ''
    group by {{ place }}, payment_id
),

-- Money of customers, in their currency, and the invoice that it is for.
received as (
    select s.workspace_id as workspace_id, s.connection_id as connection_id, s.payment_currency as currency,
        toStartOfMonth(toDate(s.booked_at)) as month, s.payment_minor as minor,
        i.invoice_id as invoice_id, i.month as invoice_month, i.status as invoice_status
    from (select * from {{ newest(ref('fct_settlements')) }} where category in ('charge', 'charge_failure')) as s
    left join links as l on s.workspace_id = l.workspace_id and s.connection_id = l.connection_id and s.payment_id = l.payment_id
    left join invoices as i on s.workspace_id = i.workspace_id and s.connection_id = i.connection_id and l.invoice_id = i.invoice_id
),

-- Paid at the provider's, but by no money of it: marked as paid by hand.
elsewhere as (
    select i.workspace_id as workspace_id, i.connection_id as connection_id, i.currency as currency, i.month as month,
        i.paid_minor - r.minor as minor
    from invoices as i
    left join (select {{ place }}, invoice_id, sum(minor) as minor from received where invoice_id != '' group by {{ place }}, invoice_id) as r
        using ({{ place }}, invoice_id)
    where i.status = 'paid'
),

balance as (
    select *, toStartOfMonth(toDate(booked_at)) as month from {{ newest(ref('fct_settlements')) }}
),

steps as (
    select {{ place }}, currency, month, 1 as place_in_bridge, 'mrr' as step, delta_minor as minor from standing
    union all
    select {{ place }}, currency, month, 2, 'longer_periods', -delta_minor from standing where not is_monthly
    union all
    select {{ place }}, currency, month, 2, 'longer_periods', net_minor from lines where kind = 'longer'
    union all
    select {{ place }}, currency, month, 3, 'changes_within_the_month', -delta_minor from standing where is_monthly
    union all
    select {{ place }}, currency, month, 3, 'changes_within_the_month', net_minor from lines where kind = 'month'
    union all
    select {{ place }}, currency, month, 4, 'prorations', net_minor from lines where kind = 'proration'
    union all
    select {{ place }}, currency, month, 5, 'usage', net_minor from lines where kind = 'usage'
    union all
    select {{ place }}, currency, month, 6, 'one_off', net_minor from lines where kind = 'one_off'
    union all
    select {{ place }}, currency, month, 7, 'tax', tax_minor from invoices
    union all
    select {{ place }}, currency, month, 8, 'credited_before_payment', -credited_before_payment_minor from invoices
    union all
    select {{ place }}, currency, month, 9, 'paid_by_balance', -paid_by_balance_minor from invoices
    union all
    select {{ place }}, currency, month, 10, 'still_owed', -open_minor from invoices
    union all
    select {{ place }}, currency, month, 11, 'written_off', -written_off_minor from invoices
    union all
    select {{ place }}, currency, month, 12, 'paid_elsewhere', -minor from elsewhere
    union all
    select {{ place }}, currency, invoice_month, 13, 'paid_in_another_month', -minor from received
    where invoice_id != '' and invoice_status = 'paid' and invoice_month != month
    union all
    select {{ place }}, currency, month, 14, 'paid_for_another_month', minor from received
    where invoice_id != '' and invoice_status = 'paid' and invoice_month != month
    union all
    select {{ place }}, currency, month, 15, 'under_way', minor from received where invoice_id != '' and invoice_status != 'paid'
    union all
    select {{ place }}, currency, month, 16, 'without_invoice', minor from received where invoice_id = ''
    union all
    select {{ place }}, payment_currency, month, 17, 'refunds', payment_minor from balance where category = 'refund'
    union all
    select {{ place }}, payment_currency, month, 18, 'converted', -payment_minor from balance where payment_currency != currency
    union all
    select {{ place }}, currency, month, 18, 'converted', gross_minor from balance where payment_currency != currency
    union all
    select {{ place }}, currency, month, 19, 'disputes', gross_minor from balance where startsWith(category, 'dispute')
    union all
    select {{ place }}, currency, month, 20, 'fees', -fee_minor from balance
    union all
    select {{ place }}, currency, month, 20, 'fees', gross_minor from balance where category = 'fee'
    union all
    select {{ place }}, currency, month, 21, 'other_income', gross_minor from balance
    where category not in ('charge', 'charge_failure', 'refund', 'fee') and not startsWith(category, 'dispute') and category not in {{ moved }}
    union all
    select {{ place }}, currency, month, 22, 'moved_to_and_from_banks', gross_minor from balance where category in {{ moved }}
)

select {{ place }}, currency, month, toUInt8(place_in_bridge) as place, step, toInt64(sum(minor)) as amount_minor
from steps
group by {{ place }}, currency, month, place_in_bridge, step
having amount_minor != 0 or step = 'mrr'
