-- Conserved: the sum of each journal in each currency, of each writing and of each reversal. Guards fct_ledger_entries.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_entries'}}}) }}
select workspace_id, connection_id, journal_id, revision, is_reversal, currency, sum(amount_minor) as residual_minor
from {{ newest(ref('fct_ledger_entries')) }}
group by workspace_id, connection_id, journal_id, revision, is_reversal, currency
having residual_minor != 0
