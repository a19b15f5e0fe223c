{{ journal_table() }}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set never = "toDateTime64(0, 3, 'UTC')" %}

with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('invoices') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- What paid it may become known after it.
    select workspace_id, connection_id, invoice_id from {{ ref('invoice_payments') }} where {{ landed_since() }}
    union all
    select workspace_id, connection_id, assumeNotNull(invoice_id) from {{ ref('payment_attempts') }}
    where {{ landed_since() }} and notEmpty(ifNull(invoice_id, ''))
    {%- endif %}
{% endcall %},

-- A link to neither payment nor charge is a record of money that came elsewhere.
payments as (
    select workspace_id, connection_id, invoice_id as id, sum(ifNull(amount_paid_minor, 0)) as paid_minor,
        countIf(amount_paid_minor is null) as untold, groupArray((paid_at, ifNull(amount_paid_minor, 0))) as paid_parts
    from {{ newest(ref('invoice_payments')) }}
    where status = 'paid' and (payment_id != '' or charge_id is not null)
        and (workspace_id, connection_id, invoice_id) in (select {{ key }} from touched)
    group by {{ key }}
),

-- Charges that name their invoice themselves, as they did before there were payments of invoices. They are its
-- customer's, by whom attempts lie.
charges as (
    select workspace_id, connection_id, assumeNotNull(invoice_id) as id, sum(ifNull(amount_captured_minor, 0)) as charged_minor,
        groupArray((occurred_at::Nullable(DateTime64(3, 'UTC')), ifNull(amount_captured_minor, 0))) as charged_parts
    from {{ newest(ref('payment_attempts')) }}
    where status = 'succeeded' and (workspace_id, connection_id, ifNull(invoice_id, '')) in (select {{ key }} from touched)
        and (workspace_id, connection_id, customer_id) in (
            select workspace_id, connection_id, ifNull(customer_id, '') from {{ ref('invoices') }}
            where ({{ key }}) in (select {{ key }} from touched))
    group by {{ key }}
),

-- Those that are no more have no entries.
invoices as (
    select {{ key }}, ifNull(currency, '')::String as code, ifNull(total_minor, 0) as total, ifNull(tax_minor, 0) as tax,
        -- What a balance in the customer's favour paid; a negative invoice adds to it.
        total - ifNull(amount_due_minor, total) - ifNull(pre_payment_credit_notes_amount_minor, 0) as by_credit,
        ifNull(amount_remaining_minor, 0) as remaining, finalized_at, voided_at, marked_uncollectible_at, paid_at,
        if(is_deleted = 1, 'deleted', ifNull(status, '')::String) as state, version as source_version,
        -- Paid, and no payment or charge says by what: at the bank, in cash. Not known while a payment's share is not.
        if(state = 'paid' and untold = 0, greatest(ifNull(amount_due_minor, 0) - if(paid_minor != 0, paid_minor, charged_minor), 0), 0) as elsewhere,
        -- What was owed when it was given up stays written off: that some of it came after all, or that it was voided, is a
        -- fact of its own day.
        arrayMap(part -> (ifNull(part.1, ifNull(paid_at, marked_uncollectible_at)), part.2),
            if(paid_minor != 0, paid_parts, charged_parts)) as parts,
        arrayFilter(part -> ifNull(part.1 > marked_uncollectible_at, false), parts) as late_parts,
        if(marked_uncollectible_at is not null and state in ('uncollectible', 'paid', 'void'),
            ifNull(amount_due_minor, 0) - arraySum(part -> part.2, parts) + arraySum(part -> part.2, late_parts), 0) as given_up,
        given_up - if(state = 'uncollectible', remaining, 0) as recovered,
        multiIf(state = 'paid', paid_at, state = 'void', voided_at, notEmpty(late_parts), arrayMax(part -> part.1, late_parts),
            marked_uncollectible_at) as recovered_at
    from {{ newest_or_gone(ref('invoices'), key) }} as invoices
    left join payments using ({{ key }})
    left join charges using ({{ key }})
),

{% call touched_keys('touched_credit_notes', key) %}
    select {{ key }} from {{ ref('stg_stripe__credit_notes') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- What it gave the customer may come after it.
    select workspace_id, connection_id, assumeNotNull(credit_note_id) from {{ ref('stg_stripe__customer_balance_transactions') }}
    where credit_note_id is not null and {{ landed_since() }}
    {%- endif %}
{% endcall %},

notes as materialized {{ newest_or_gone(ref('stg_stripe__credit_notes'), key, 'touched_credit_notes') }},

credits as (
    select workspace_id, connection_id, id as customer_balance_transaction_id, amount as wire_moved
    from {{ newest(ref('stg_stripe__customer_balance_transactions')) }}
    where ({{ key }}) in (select workspace_id, connection_id, ifNull(customer_balance_transaction_id, '') from notes)
),

-- After payment, Stripe splits a note into refunds, what the customer has in their favour, and what is given back outside of it.
credit_notes as (
    select {{ key }}, ifNull({{ iso_currency('stripe.currency') }}, '') as code,
        ifNull({{ iso_minor('stripe.total', 'code') }}, 0) as total_minor,
        total_minor - ifNull({{ iso_minor('stripe.total_excluding_tax', 'code') }}, total_minor) as tax,
        ifNull({{ iso_minor('stripe.pre_payment_amount', 'code') }}, 0) as before_payment,
        total_minor - before_payment as after_payment,
        ifNull({{ iso_minor('stripe.out_of_band_amount', 'code') }}, 0) as told_outside,
        -- How much of each refund is told since 2025.
        length(refund_amounts) = length(refund_ids) and not has(refund_amounts, null) as is_told,
        arraySum(amount -> ifNull(amount, 0), refund_amounts) as wire_refunded,
        ifNull({{ iso_minor('wire_refunded', 'code') }}, 0) as told_refunded,
        -- The movement says it; before it comes, what is left of the rest.
        multiIf(
            customer_balance_transaction_id is null, 0,
            wire_moved is not null, -ifNull({{ iso_minor('wire_moved', 'code') }}, 0),
            is_told, after_payment - told_outside - told_refunded,
            0) as credited,
        if(is_told, told_refunded, after_payment - told_outside - credited) as refunded,
        created_at, voided_at, is_deleted = 1 as is_gone, version as source_version
    from notes as stripe
    left join credits using (workspace_id, connection_id, customer_balance_transaction_id)
),

journals as (
    select workspace_id, connection_id, concat('invoice:', id) as document, 'raw.stripe_invoice' as source_table, id, code, source_version,
        [('1100', code, total - by_credit), ('2400', code, by_credit), ('2200', code, tax - total), ('2300', code, -tax)] as issued,
        arrayJoin([
            ('', finalized_at, if(finalized_at is null or state in ('draft', 'deleted'), [], issued)),
            (':void', voided_at, if(state = 'void', arrayMap(entry -> (entry.1, entry.2, -entry.3), issued), [])),
            (':paid_elsewhere', paid_at, [('1180', code, elsewhere), ('1100', code, -elsewhere)]),
            (':write_off', marked_uncollectible_at,
                [('5200', code, given_up), ('1100', code, -given_up)]),
            (':recovered', recovered_at, [('1100', code, recovered), ('5200', code, -recovered)])
        ]) as journal
    from invoices
    union all
    select workspace_id, connection_id, concat('credit_note:', id) as document, 'raw.stripe_credit_note' as source_table, id, code, source_version,
        [('4900', code, total_minor - tax), ('2300', code, tax), ('1100', code, -before_payment),
            ('1160', code, -refunded), ('2400', code, -credited), ('1180', code, refunded + credited - after_payment)] as issued,
        arrayJoin([
            ('', created_at::Nullable(DateTime64(3, 'UTC')), if(is_gone, [], issued)),
            (':void', voided_at::Nullable(DateTime64(3, 'UTC')),
                if(voided_at is null or is_gone, [], arrayMap(entry -> (entry.1, entry.2, -entry.3), issued)))
        ]) as journal
    from credit_notes
)

select
    workspace_id,
    connection_id,
    concat(document, journal.1) as journal_id,
    concat(splitByChar(':', document)[1], replaceAll(journal.1, ':', '_')) as type,
    ifNull(journal.2, {{ never }}) as effective_at,
    arraySort(arrayFilter(entry -> entry.3 != 0, journal.3)) as entries,
    source_table,
    id as source_id,
    {{ computed_row() }}
from journals
