-- Conserved: the processor's balance on its way into payouts. Every automatic payout is the sum of the lines that it
-- took; a warning, since which lines those are is found by a rule. Guards fct_cash_chain.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_cash_chain'}}}) }}
select workspace_id, connection_id, thing_id, currency, residual_minor
from {{ ref('fct_cash_chain') }}
where step = 'balance_to_payout' and residual_minor != 0 and thing_id != ''
