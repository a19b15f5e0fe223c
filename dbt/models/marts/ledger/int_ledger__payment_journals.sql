{{ journal_table() }}
-- dbt parses the first run only, which reads less than the later ones.
-- depends_on: {{ ref('stg_stripe__charges') }}
{%- set payment = 'workspace_id, connection_id, payment_id' %}
{%- set key = 'workspace_id, connection_id, id' %}
{%- set booked = "transaction_id is not null and reporting_category in " %}

with {% call touched_keys('touched_payments', payment) %}
    select workspace_id, connection_id, customer_id, payment_id
    from {{ ref('payment_attempts') }}
    {%- if is_incremental() %}
    -- A guest's attempt that was given a customer later has two keys, and each is the newest of its own: whichever landed,
    -- by the payment both are found.
    where ({{ payment }}) in (
        select {{ payment }} from {{ ref('payment_attempts') }} where {{ landed_since() }}
        union all
        -- Whether a payment belongs to an invoice may become known after it.
        select {{ payment }} from {{ ref('invoice_payments') }} where {{ landed_since() }}
        union all
        -- So may the day on which it was collected. A charge that landed too is found above.
        select workspace_id, connection_id, coalesce(payment_intent_id, id) from {{ ref('stg_stripe__charges') }}
        where ({{ key }}) in (
            select workspace_id, connection_id, assumeNotNull(transaction_id) from {{ ref('balance_transactions') }}
            where {{ booked }} ('charge') and {{ landed_since() }}
                and (workspace_id, connection_id, assumeNotNull(transaction_id)) not in (
                    select {{ key }} from {{ ref('payment_attempts') }} where {{ landed_since() }})))
    {%- endif %}
{% endcall %},

-- Those that are no more have no entries.
attempts as materialized {{ newest_or_gone(
    ref('payment_attempts'), key, 'touched_payments', by='workspace_id, connection_id, customer_id, payment_id') }},

links as (
    {{ invoices_of_payments('touched_payments') }}
),

{% call touched_keys('touched_refunds', key) %}
    select {{ key }} from {{ ref('refunds') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    select workspace_id, connection_id, arrayJoin(refund_ids) from {{ ref('stg_stripe__credit_notes') }} where {{ landed_since() }}
    union all
    select workspace_id, connection_id, assumeNotNull(transaction_id) from {{ ref('balance_transactions') }}
    where {{ booked }} ('refund', 'partial_capture_reversal') and {{ landed_since() }}
    {%- endif %}
{% endcall %},

given_back as materialized {{ newest_or_gone(ref('refunds'), key, 'touched_refunds') }},

-- Which line of Stripe's balance each is. A charge that was authorized before is collected when that is written, and a refund
-- that waited is made then.
line_ids as (
    select {{ key }}, balance_transaction_id from attempts
    union all
    select {{ key }}, balance_transaction_id from given_back
),

line_days as materialized (
    select line_ids.workspace_id as workspace_id, line_ids.connection_id as connection_id, line_ids.id as id, created_at as booked_at, category
    from line_ids
    inner join (
        select workspace_id, connection_id, id as balance_transaction_id, created_at, ifNull(reporting_category, '')::String as category
        from {{ newest(ref('balance_transactions')) }}
        where ({{ key }}) in (select workspace_id, connection_id, ifNull(balance_transaction_id, '') from line_ids)
    ) as lines using (workspace_id, connection_id, balance_transaction_id)
),

-- Only what was collected is a journal: a bank debit that was taken back has two movements of the balance, which
-- meet in the settlement account.
charges as (
    select attempts.workspace_id as workspace_id, attempts.connection_id as connection_id, concat('charge:', id) as journal_id, 'charge' as type,
        occurred_at as happened_at, booked_at, status = 'succeeded' and is_deleted = 0 as is_standing, ifNull(currency, '')::String as code,
        ifNull(amount_captured_minor, ifNull(amount_minor, 0)) as minor,
        [('1150', code, minor),
            (if(coalesce(nullIf(invoice_id, ''), nullIf(linked_invoice_id, '')) is null, '4010', '1100'), code, -minor)] as all_entries,
        'raw.stripe_charge' as source_table, id as source_id, attempts.version as source_version
    from attempts
    left join links using ({{ payment }})
    left join line_days using ({{ key }})
),

-- What credit notes say of each refund; where they do not say how much of it settles them, it is all of it.
credited_refunds as (
    select workspace_id, connection_id, part.1 as id, sum(ifNull(minor, 0)) as credited_minor, countIf(minor is null) as untold
    from (
        select workspace_id, connection_id, ifNull({{ iso_currency('stripe.currency') }}, '') as code,
            arrayJoin(arrayZip(refund_ids, arrayResize(refund_amounts, length(refund_ids), null))) as part, part.2 as wire_amount,
            {{ iso_minor('wire_amount', 'code') }} as minor
        from (select * from {{ newest(ref('stg_stripe__credit_notes')) }}) as stripe
        where status != 'void' and (workspace_id, connection_id) in (select workspace_id, connection_id from touched_refunds)
    )
    group by {{ key }}
),

-- Nothing has moved without a line of the balance: it waits for money, or let go of what was authorized and never taken. Nor
-- was anything given back where the line takes off what was not captured: the charge is told without it.
refunds as (
    select workspace_id, connection_id, concat('refund:', id) as journal_id, 'refund' as type,
        ifNull(created_at, toDateTime64(0, 3, 'UTC')) as happened_at, booked_at,
        balance_transaction_id is not null and ifNull(status, '') not in ('failed', 'canceled') and is_deleted = 0
            and category != 'partial_capture_reversal' as is_standing,
        ifNull(currency, '')::String as code, ifNull(amount_minor, 0) as minor,
        [('1150', code, -minor), ('1160', code, if(untold > 0, minor, least(credited_minor, minor)) as to_notes),
            ('4900', code, minor - to_notes)] as all_entries,
        'raw.stripe_refund' as source_table, id as source_id, version as source_version
    from given_back
    left join credited_refunds using ({{ key }})
    left join line_days using ({{ key }})
)

select
    workspace_id,
    connection_id,
    journal_id,
    type,
    -- Of a day, the moment is the payment's own: Stripe writes some lines a second later.
    ifNull(if(toDate(booked_at) = toDate(happened_at), happened_at, booked_at), happened_at) as effective_at,
    if(is_standing, arraySort(arrayFilter(entry -> entry.3 != 0, all_entries)), []) as entries,
    source_table,
    source_id,
    {{ computed_row() }}
from (
    select * from charges
    union all
    select * from refunds
)
