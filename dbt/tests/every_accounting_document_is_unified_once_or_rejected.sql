-- Conserved: the number of documents in the books. Each live document of QuickBooks and Xero is one document of
-- unified.accounting_documents, or is listed in rejected_rows. Guards its feeds: nothing is lost, nothing books twice.
-- Xero's journals repeat what its documents book and are compared with them, not added (marts).
{{ config(meta={'dagster': {'ref': {'name': 'accounting_documents'}}}) }}
{%- set staged = {
    'quickbooks': ['invoice', 'sales_receipt', 'credit_memo', 'refund_receipt', 'payment', 'bill', 'vendor_credit',
        'bill_payment', 'purchase', 'deposit', 'transfer', 'journal_entry'],
    'xero': ['invoice', 'credit_note', 'payment', 'bank_transaction', 'bank_transfer', 'manual_journal'],
} %}
with landed as (
{%- for provider, objects in staged.items() %}{% for object in objects %}
    select workspace_id, connection_id, id, 'raw.{{ provider }}_{{ object }}' as source_table
    from {{ newest(ref('stg_' ~ provider ~ '__' ~ (object[:-1] ~ 'ies' if object.endswith('y') else object ~ 's'))) }}
    union all
{%- endfor %}{% endfor %}
    select '', '', '', '' where false
),

unified as (
    select workspace_id, connection_id, source_id as id, source_table
    from (select * from {{ newest(ref('accounting_documents')) }})
),

rejected as (
    select workspace_id, connection_id, source_id, source_table from {{ ref('rejected_rows') }}
)

select *, 'landed and nowhere to be found' as broken from landed
where (workspace_id, connection_id, id, source_table) not in (select * from unified)
    and (workspace_id, connection_id, id, source_table) not in (select * from rejected)
union all
select *, 'unified and not landed' from unified
where (workspace_id, connection_id, id, source_table) not in (select * from landed)
union all
select workspace_id, connection_id, id, source_table, 'unified twice' from unified
group by workspace_id, connection_id, id, source_table
having count() > 1
