-- Conserved: every document is a double entry. Its entries sum to zero per currency, each is a debit or a credit and
-- never both, and a posted document whose amounts are not all zero has entries or is listed with its reason. Guards
-- unified.accounting_entries.
{{ config(meta={'dagster': {'ref': {'name': 'accounting_entries'}}}) }}
select workspace_id, connection_id, document_id, 'debits and credits differ' as broken
from {{ ref('accounting_entries') }}
group by workspace_id, connection_id, document_id
having sum(debit_minor) != sum(credit_minor) or uniqExact(currency) != 1
union all
select workspace_id, connection_id, document_id, 'an entry is not one side'
from {{ ref('accounting_entries') }}
where debit_minor < 0 or credit_minor < 0 or (debit_minor > 0) = (credit_minor > 0)
    or amount_minor != debit_minor - credit_minor
union all
select workspace_id, connection_id, id, 'a posted document has neither entries nor a reason'
from (select * from {{ newest(ref('accounting_documents')) }})
where status = 'posted' and type != 'transfer_leg' and not match(ifNull(total, '0'), '^-?0*([.]0*)?$')
    and (workspace_id, connection_id, id) not in (
        select workspace_id, connection_id, document_id from {{ ref('accounting_entries') }})
    and (workspace_id, connection_id, source_table, source_id) not in (
        select workspace_id, connection_id, source_table, source_id from {{ ref('rejected_rows') }})
