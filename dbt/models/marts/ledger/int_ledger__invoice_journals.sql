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
        countIf(amount_paid_minor is null) as untold
    from {{ newest(ref('invoice_payments')) }}
    where status = 'paid' and (payment_id != '' or charge_id is not null)
        and (workspace_id, connection_id, invoice_id) in (select {{ key }} from touched)
    group by {{ key }}
),

-- Charges that name their invoice themselves, as they did before there were payments of invoices. They are its
-- customer's, by whom attempts lie.
charges as (
    select workspace_id, connection_id, assumeNotNull(invoice_id) as id, sum(ifNull(amount_captured_minor, 0)) as charged_minor
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
        if(state = 'paid' and untold = 0, greatest(ifNull(amount_due_minor, 0) - if(paid_minor != 0, paid_minor, charged_minor), 0), 0) as elsewhere
    from {{ newest_or_gone(ref('invoices'), key) }} as invoices
    left join payments using ({{ key }})
    left join charges using ({{ key }})
),

{% call touched_keys('touched_credit_notes', key) %}
    select {{ key }} from {{ ref('stg_stripe__credit_notes') }} where {{ landed_since() }}
{% endcall %},

credit_notes as (
    select {{ key }}, ifNull({{ iso_currency('stripe.currency') }}, '') as code,
        ifNull({{ iso_minor('stripe.total', 'code') }}, 0) as total_minor,
        total_minor - ifNull({{ iso_minor('stripe.total_excluding_tax', 'code') }}, total_minor) as tax,
        ifNull({{ iso_minor('stripe.pre_payment_amount', 'code') }}, 0) as before_payment,
        stripe.customer_balance_transaction_id is not null and empty(stripe.refund_ids) as is_credited,
        created_at, voided_at, is_deleted = 1 as is_gone, version as source_version
    from {{ newest_or_gone(ref('stg_stripe__credit_notes'), key, 'touched_credit_notes') }} as stripe
),

journals as (
    select workspace_id, connection_id, concat('invoice:', id) as document, 'raw.stripe_invoice' as source_table, id, code, source_version,
        [('1100', code, total - by_credit), ('2400', code, by_credit), ('2200', code, tax - total), ('2300', code, -tax)] as issued,
        arrayJoin([
            ('', finalized_at, if(finalized_at is null or state in ('draft', 'deleted'), [], issued)),
            (':void', voided_at, if(state = 'void', arrayMap(entry -> (entry.1, entry.2, -entry.3), issued), [])),
            (':paid_elsewhere', paid_at, [('1180', code, elsewhere), ('1100', code, -elsewhere)]),
            (':write_off', marked_uncollectible_at,
                if(state = 'uncollectible', [('5200', code, remaining), ('1100', code, -remaining)], []))
        ]) as journal
    from invoices
    union all
    select workspace_id, connection_id, concat('credit_note:', id) as document, 'raw.stripe_credit_note' as source_table, id, code, source_version,
        [('4900', code, total_minor - tax), ('2300', code, tax), ('1100', code, -before_payment),
            (if(is_credited, '2400', '1160'), code, before_payment - total_minor)] as issued,
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
