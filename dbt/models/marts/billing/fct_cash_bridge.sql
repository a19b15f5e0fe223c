{{ config(materialized='view') }}
{%- set place = 'workspace_id, connection_id' %}

with invoices as (
    select *, toStartOfMonth(assumeNotNull(issued_on)) as month,
        -- What it counts as paid: an open one may be paid in part.
        total_minor - credited_before_payment_minor - paid_by_balance_minor - open_minor - written_off_minor as counted_minor
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

-- Movements of the balance, by what the ledger takes their kind for: a kind that it does not know is other income.
balance as (
    select s.*, toStartOfMonth(toDate(booked_at)) as month,
        multiIf(
            mappings.account_code = '1150', if(startsWith(s.category, 'refund'), 'refunds', 'received'),
            mappings.account_code = '5100', 'disputes',
            mappings.account_code = '5010', 'fees',
            mappings.account_code in ('1020', '1030', '1040'), 'moved_to_and_from_banks',
            'other_income') as flow
    from (select * from {{ newest(ref('fct_settlements')) }}) as s
    left join {{ ref('ledger_mappings') }} as mappings on mappings.provider = s.provider and mappings.category = s.category
),

-- Money of customers, in their currency, and the invoice that it is for.
received as (
    select b.workspace_id as workspace_id, b.connection_id as connection_id, b.payment_currency as currency, b.month as month,
        b.payment_minor as minor, i.invoice_id as invoice_id, i.month as invoice_month,
        sum(b.payment_minor) over (
            partition by b.workspace_id, b.connection_id, i.invoice_id order by b.booked_at, b.movement_id
            rows between unbounded preceding and current row) as so_far,
        -- The first of it is what the invoice counts; what goes beyond is not counted yet, or was too much.
        least(so_far, i.counted_minor) - least(so_far - minor, i.counted_minor) as counted_minor
    from (select * from balance where flow = 'received') as b
    left join links as l on b.workspace_id = l.workspace_id and b.connection_id = l.connection_id and b.payment_id = l.payment_id
    left join invoices as i on b.workspace_id = i.workspace_id and b.connection_id = i.connection_id and l.invoice_id = i.invoice_id
),

-- Paid at the provider's, but by no money of it: marked as paid by hand.
elsewhere as (
    select i.workspace_id as workspace_id, i.connection_id as connection_id, i.currency as currency, i.month as month,
        i.counted_minor - r.minor as minor
    from invoices as i
    left join (
        select {{ place }}, invoice_id, sum(counted_minor) as minor from received where invoice_id != '' group by {{ place }}, invoice_id
    ) as r using ({{ place }}, invoice_id)
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
    select {{ place }}, currency, invoice_month, 13, 'paid_in_another_month', -counted_minor from received
    where invoice_id != '' and invoice_month != month
    union all
    select {{ place }}, currency, month, 14, 'paid_for_another_month', counted_minor from received
    where invoice_id != '' and invoice_month != month
    union all
    select {{ place }}, currency, month, 15, 'under_way', minor - counted_minor from received where invoice_id != ''
    union all
    select {{ place }}, currency, month, 16, 'without_invoice', minor from received where invoice_id = ''
    union all
    select {{ place }}, payment_currency, month, 17, 'refunds', payment_minor from balance where flow = 'refunds'
    union all
    select {{ place }}, payment_currency, month, 18, 'converted', -payment_minor from balance where payment_currency != currency
    union all
    select {{ place }}, currency, month, 18, 'converted', gross_minor from balance where payment_currency != currency
    union all
    select {{ place }}, currency, month, 19, 'disputes', gross_minor from balance where flow = 'disputes'
    union all
    select {{ place }}, currency, month, 20, 'fees', -fee_minor from balance
    union all
    select {{ place }}, currency, month, 20, 'fees', gross_minor from balance where flow = 'fees'
    union all
    select {{ place }}, currency, month, 21, 'other_income', gross_minor from balance where flow = 'other_income'
    union all
    select {{ place }}, currency, month, 22, 'moved_to_and_from_banks', gross_minor from balance where flow = 'moved_to_and_from_banks'
)

select {{ place }}, currency, month, toUInt8(place_in_bridge) as place, step, toInt64(sum(minor)) as amount_minor
from steps
group by {{ place }}, currency, month, place_in_bridge, step
having amount_minor != 0 or step = 'mrr'
