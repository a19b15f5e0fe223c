-- Conserved: the money at the banks. Every account's ledger balance is what its bank reported last; a warning that
-- names the difference, since a bank may report a balance before it shows the line. Guards fct_bank_balances.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_bank_balances'}}}) }}
select workspace_id, account_id, currency, reported_on, reported_minor, ledger_minor, difference_minor
from {{ ref('fct_bank_balances') }}
where difference_minor != 0
