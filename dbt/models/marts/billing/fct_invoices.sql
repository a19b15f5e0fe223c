{{ config(
    materialized='incremental',
    incremental_strategy='append',
    engine=replacing_engine(),
    order_by=['workspace_id', 'connection_id', 'invoice_id'],
    settings=granules(),
) }}
{%- set key = 'workspace_id, connection_id, id' %}

with {% call touched_keys('touched', key) %}
    select {{ key }} from {{ ref('invoices') }} where {{ landed_since() }}
{% endcall %},

-- With those that are no more, which take their row along.
invoices as {{ newest_or_gone(ref('invoices'), key) }}

select
    workspace_id,
    connection_id,
    id as invoice_id,
    number,
    ifNull(customer_id, '') as customer_id,
    ifNull(subscription_id, '') as subscription_id,
    ifNull(status, '')::String as status,
    ifNull(billing_reason, '')::String as billing_reason,
    ifNull(currency, '')::String as currency,
    toInt64(ifNull(subtotal_minor, 0)) as subtotal_minor,
    toInt64(ifNull(discount_minor, 0)) as discount_minor,
    toInt64(ifNull(tax_minor, 0)) as tax_minor,
    toInt64(ifNull(total_minor, 0)) as total_minor,
    -- What a balance in the customer's favour paid; a negative invoice adds to it.
    toInt64(total_minor - ifNull(amount_due_minor, total_minor) - ifNull(pre_payment_credit_notes_amount_minor, 0)) as paid_by_balance_minor,
    toInt64(ifNull(pre_payment_credit_notes_amount_minor, 0)) as credited_before_payment_minor,
    toInt64(ifNull(post_payment_credit_notes_amount_minor, 0)) as credited_after_payment_minor,
    toInt64(ifNull(amount_paid_minor, 0)) as paid_minor,
    toInt64(if(status = 'open', ifNull(amount_remaining_minor, 0), 0)) as open_minor,
    toInt64(if(status = 'uncollectible', ifNull(amount_remaining_minor, 0), 0)) as written_off_minor,
    finalized_at,
    toDate(finalized_at) as issued_on,
    -- What is charged by itself is due when it is issued.
    toDate(ifNull(due_at, finalized_at)) as due_on,
    if(status = 'paid', paid_at, null) as paid_at,
    multiIf(
        status = 'paid', paid_at, status = 'void', voided_at,
        status = 'uncollectible', marked_uncollectible_at, null) as closed_at,
    toUInt64(toUnixTimestamp64Micro(now64(6))) as version,
    toUInt8(invoices.is_deleted) as is_deleted,
    {{ run_began_at() }} as computed_at
from invoices
