-- Conserved: what customers owe. An invoice that was paid outside the processor is cleared by its own journal. Guards
-- fct_ledger_entries against unified.invoices.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_entries'}}}) }}
select workspace_id, connection_id, currency, sum(minor) as residual_minor
from (
    select workspace_id, connection_id, currency, amount_minor as minor
    from {{ newest(ref('fct_ledger_entries')) }}
    where account_code = '1100'
    union all
    select workspace_id, connection_id, ifNull(currency, ''), -ifNull(amount_remaining_minor, 0)
    from {{ newest(ref('invoices')) }}
    where status = 'open'
)
group by workspace_id, connection_id, currency
having residual_minor != 0
