{{ config(materialized='view') }}
{%- set required = {
    'stg_stripe__charges': ('stripe_charge', ['amount', 'currency', 'created_at', 'status']),
    'stg_stripe__refunds': ('stripe_refund', ['amount', 'currency', 'created_at']),
    'stg_stripe__disputes': ('stripe_dispute', ['amount', 'currency', 'created_at', 'status']),
    'stg_stripe__payouts': ('stripe_payout', ['amount', 'currency', 'created_at', 'status']),
    'stg_stripe__transfers': ('stripe_transfer', ['amount', 'currency', 'created_at']),
    'stg_stripe__transfer_reversals': ('stripe_transfer_reversal', ['amount', 'currency', 'created_at']),
    'stg_stripe__application_fees': ('stripe_application_fee', ['amount', 'currency', 'created_at']),
    'stg_stripe__application_fee_refunds': ('stripe_fee_refund', ['amount', 'currency', 'created_at']),
    'stg_stripe__topups': ('stripe_topup', ['amount', 'currency', 'created_at', 'status']),
    'stg_stripe__balance_transactions': ('stripe_balance_transaction', ['amount', 'fee', 'net', 'currency', 'created_at']),
    'stg_stripe__invoices': ('stripe_invoice', ['total', 'currency', 'created_at', 'status']),
    'stg_stripe__subscriptions': ('stripe_subscription', ['customer_id', 'created_at', 'status']),
} %}

select * from (
{% for staging, (raw, columns) in required.items() -%}
{%- if 'currency' in columns %}
with {{ iso_currency('currency') }} as iso_code
{%- endif %}
select workspace_id, connection_id, 'raw.{{ raw }}' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {%- for column in columns if column != 'currency' %}
        if({{ column }} is null, '{{ column }} is missing or unreadable', ''),
        {%- endfor %}
        {%- if 'currency' in columns %}
        if(iso_code is null, 'currency is missing or unreadable', ''),
        {%- endif %}
        {%- for column in columns if column in ['amount', 'fee', 'net', 'total'] %}
        if({{ column }} is not null and {{ iso_minor(column, 'iso_code') }} is null, '{{ column }} is not whole in minor units', ''){{ ',' if not loop.last }}
        {%- else %}
        ''
        {%- endfor %}
    ]) as reasons
from {{ newest(ref(staging)) }}
where notEmpty(reasons)
{{ ') union all select * from (' if not loop.last else ')' }}
{% endfor %}
