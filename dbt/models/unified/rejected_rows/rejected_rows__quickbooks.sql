{{ config(materialized='view') }}
{%- set required = {
    'stg_quickbooks__accounts': ('quickbooks_account', ['name']),
    'stg_quickbooks__customers': ('quickbooks_customer', ['name']),
    'stg_quickbooks__vendors': ('quickbooks_vendor', ['name']),
    'stg_quickbooks__items': ('quickbooks_item', ['name']),
    'stg_quickbooks__invoices': ('quickbooks_invoice', ['total', 'issued_on']),
    'stg_quickbooks__sales_receipts': ('quickbooks_sales_receipt', ['total', 'issued_on']),
    'stg_quickbooks__credit_memos': ('quickbooks_credit_memo', ['total', 'issued_on']),
    'stg_quickbooks__refund_receipts': ('quickbooks_refund_receipt', ['total', 'issued_on']),
    'stg_quickbooks__payments': ('quickbooks_payment', ['total', 'issued_on']),
    'stg_quickbooks__bills': ('quickbooks_bill', ['total', 'issued_on']),
    'stg_quickbooks__vendor_credits': ('quickbooks_vendor_credit', ['total', 'issued_on']),
    'stg_quickbooks__bill_payments': ('quickbooks_bill_payment', ['total', 'issued_on']),
    'stg_quickbooks__purchases': ('quickbooks_purchase', ['total', 'issued_on']),
    'stg_quickbooks__deposits': ('quickbooks_deposit', ['total', 'issued_on']),
    'stg_quickbooks__transfers': ('quickbooks_transfer', ['amount', 'issued_on']),
    'stg_quickbooks__journal_entries': ('quickbooks_journal_entry', ['issued_on']),
    'stg_quickbooks__preferences': ('quickbooks_preferences', ['home_currency']),
} %}

select * from (
{% for staging, (raw, columns) in required.items() -%}
select workspace_id, connection_id, 'raw.{{ raw }}' as source_table, id as source_id, version, extracted_at,
    arrayFilter(reason -> reason != '', [
        {%- for column in columns %}
        if({{ column }} is null, '{{ column }} is missing or unreadable', ''){{ ',' if not loop.last }}
        {%- endfor %}
    ]) as reasons
from {{ newest(ref(staging)) }}
where notEmpty(reasons)
union all
{% endfor -%}
select workspace_id, connection_id, source_table, source_id, version, extracted_at, reasons
from {{ ref('accounting_postings') }}
where provider = 'quickbooks' and notEmpty(reasons)
)
