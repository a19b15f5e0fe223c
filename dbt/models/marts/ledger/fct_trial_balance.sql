{{ config(materialized='view') }}
select
    days.workspace_id as workspace_id,
    connection_id,
    account_code,
    if(own.name = '', accounts.name, own.name) as account_name,
    if(own.id = '', accounts.type, own.type::String) as account_type,
    account_id,
    currency,
    effective_on,
    sum(days.debits_minor) as debits_minor,
    sum(days.credits_minor) as credits_minor,
    sum(sum(moved_minor)) over (
        partition by workspace_id, connection_id, account_code, account_id, currency order by effective_on
    ) as balance_minor
from (select * from {{ newest(ref('fct_ledger_days')) }}) as days
left join {{ ref('ledger_accounts') }} as accounts using (account_code)
left join (select * from {{ newest(source('reconciliation', 'workspace_ledger_accounts')) }}) as own
    on own.workspace_id = days.workspace_id and own.id = days.account_code
group by workspace_id, connection_id, account_code, account_name, account_type, account_id, currency, effective_on
