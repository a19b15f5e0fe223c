-- Conserved: a payout between processor and bank. Account 1020 holds the payouts for which no deposit is found, and
-- nothing else; a warning, since the reconciliation runs at other times. Guards fct_ledger_entries.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_ledger_entries'}}}) }}
select workspace_id, currency, sum(minor) as residual_minor
from (
    select workspace_id, currency, amount_minor as minor
    from {{ newest(ref('fct_ledger_entries')) }}
    where account_code = '1020'
    union all
    select workspace_id, currency::String, -amount_minor
    from {{ newest(source('reconciliation', 'fct_payout_reconciliation')) }}
    where empty(deposits) and bank_verdict != 'failed'
)
group by workspace_id, currency
having residual_minor != 0
