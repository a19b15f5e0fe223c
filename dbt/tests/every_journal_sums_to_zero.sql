-- Conserved: the sum of each journal in each currency, of each writing and of each reversal. Entries are never rewritten:
-- a journal is looked at in the days after it was written, and all of them together every time. Guards fct_ledger_entries.
{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_entries'}}}) }}
{%- set journal = 'workspace_id, connection_id, journal_id' %}

select {{ journal }}, revision, is_reversal, currency, sum(amount_minor) as residual_minor
from {{ newest(ref('fct_ledger_entries')) }}
where ({{ journal }}) in (select {{ journal }} from {{ ref('fct_ledger_entries') }} where computed_at > now() - toIntervalDay(3))
group by {{ journal }}, revision, is_reversal, currency
having residual_minor != 0
union all
select workspace_id, connection_id, 'all of them', 0, false, currency, sum(amount_minor) as residual_minor
from {{ newest(ref('fct_ledger_entries')) }}
group by workspace_id, connection_id, currency
having residual_minor != 0
