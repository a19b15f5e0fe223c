{{ journal_table() }}
{%- set payment = 'workspace_id, connection_id, payment_id' %}
{%- set key = 'workspace_id, connection_id, id' %}

with {% call touched_keys('touched_payments', payment) %}
    select workspace_id, connection_id, customer_id, payment_id
    from {{ ref('payment_attempts') }}
    where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    -- Whether a payment belongs to an invoice may become known after it.
    select workspace_id, connection_id, customer_id, payment_id
    from {{ ref('payment_attempts') }}
    where ({{ payment }}) in (select {{ payment }} from {{ ref('invoice_payments') }} where {{ landed_since() }})
    {%- endif %}
{% endcall %},

-- Those that are no more have no entries. A guest's attempt that was given a customer later has two keys.
attempts as materialized {{ newest_or_gone(
    ref('payment_attempts'), key, 'touched_payments', by='workspace_id, connection_id, customer_id, payment_id') }},

links as (
    {{ invoices_of_payments('touched_payments') }}
),

-- Only what was collected is a journal: a bank debit that was taken back has two movements of the balance, which
-- meet in the settlement account.
charges as (
    select attempts.workspace_id as workspace_id, attempts.connection_id as connection_id, concat('charge:', id) as journal_id, 'charge' as type,
        occurred_at as effective_at, status = 'succeeded' and is_deleted = 0 as is_standing, ifNull(currency, '')::String as currency,
        ifNull(amount_captured_minor, ifNull(amount_minor, 0)) as in_minor,
        if(coalesce(nullIf(invoice_id, ''), nullIf(linked_invoice_id, '')) is null, '4010', '1100') as other_account,
        'raw.stripe_charge' as source_table, id as source_id, attempts.version as source_version
    from attempts
    left join links using ({{ payment }})
),

{% call touched_keys('touched_refunds', key) %}
    select {{ key }} from {{ ref('refunds') }} where {{ landed_since() }}
    {%- if is_incremental() %}
    union all
    select workspace_id, connection_id, arrayJoin(refund_ids) from {{ ref('stg_stripe__credit_notes') }} where {{ landed_since() }}
    {%- endif %}
{% endcall %},

credited_refunds as (
    select workspace_id, connection_id, arrayJoin(refund_ids) as id
    from {{ newest(ref('stg_stripe__credit_notes')) }}
    where status != 'void' and (workspace_id, connection_id) in (select workspace_id, connection_id from touched_refunds)
),

refunds as (
    select workspace_id, connection_id, concat('refund:', id) as journal_id, 'refund' as type,
        ifNull(created_at, toDateTime64(0, 3, 'UTC')) as effective_at,
        ifNull(status, '') not in ('failed', 'canceled') and is_deleted = 0 as is_standing, ifNull(currency, '')::String as currency,
        -ifNull(amount_minor, 0) as in_minor,
        if(({{ key }}) in (select {{ key }} from credited_refunds), '1160', '4900') as other_account,
        'raw.stripe_refund' as source_table, id as source_id, version as source_version
    from {{ newest_or_gone(ref('refunds'), key, 'touched_refunds') }}
)

select
    workspace_id,
    connection_id,
    journal_id,
    type,
    effective_at,
    if(is_standing, arraySort(arrayFilter(entry -> entry.3 != 0, [
        ('1150', currency, in_minor),
        (other_account, currency, -in_minor)
    ])), []) as entries,
    source_table,
    source_id,
    {{ computed_row() }}
from (select * from charges union all select * from refunds)
