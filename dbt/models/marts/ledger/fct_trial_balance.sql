{{ config(materialized='view') }}
select
    workspace_id,
    connection_id,
    account_code,
    accounts.name as account_name,
    accounts.type as account_type,
    account_id,
    currency,
    toDate(effective_at, 'UTC') as effective_on,
    sum(debit_minor) as debits_minor,
    sum(credit_minor) as credits_minor,
    sum(sum(amount_minor)) over (
        partition by workspace_id, connection_id, account_code, account_id, currency order by effective_on
    ) as balance_minor
from {{ newest(ref('fct_ledger_entries')) }}
left join {{ ref('ledger_accounts') }} as accounts using (account_code)
group by workspace_id, connection_id, account_code, account_name, account_type, account_id, currency, effective_on
