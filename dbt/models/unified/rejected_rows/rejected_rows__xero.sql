{{ config(materialized='view') }}
{%- set required = {
    'stg_xero__organisations': ('xero_organisation', ['base_currency']),
    'stg_xero__accounts': ('xero_account', ['name']),
    'stg_xero__contacts': ('xero_contact', ['name']),
    'stg_xero__invoices': ('xero_invoice', ['total', 'issued_on', 'status']),
    'stg_xero__credit_notes': ('xero_credit_note', ['total', 'issued_on', 'status']),
    'stg_xero__payments': ('xero_payment', ['amount', 'issued_on', 'status']),
    'stg_xero__bank_transactions': ('xero_bank_transaction', ['total', 'issued_on', 'status']),
    'stg_xero__bank_transfers': ('xero_bank_transfer', ['amount', 'issued_on', 'status']),
    'stg_xero__manual_journals': ('xero_manual_journal', ['issued_on', 'status']),
    'stg_xero__journals': ('xero_journal', ['number', 'issued_on']),
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
where provider = 'xero' and notEmpty(reasons)
)
