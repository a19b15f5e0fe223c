{{ config(materialized='view') }}
with accounts as (
    select * from {{ newest(source('reconciliation', 'dim_bank_account_sources')) }}
),

reported as (
    select accounts.workspace_id as workspace_id, accounts.bank_connection_id as connection_id, accounts.bank_account_id as account_id,
        any(accounts.type)::String as account_type, balances.currency::String as code,
        max(balances.reported_on) as last_on, argMax(balances.amount_minor, (balances.reported_on, balances.reported_at)) as reported
    from (select * from {{ newest(ref('balances')) }} where type = 'booked') as balances
    inner join accounts
        on accounts.workspace_id = balances.workspace_id and accounts.connection_id = balances.connection_id
        and accounts.id = balances.account_id
    group by workspace_id, connection_id, account_id, code
),

kept as (
    select days.workspace_id as workspace_id, days.account_id as account_id, days.currency as code,
        sumIf(moved_minor, effective_on <= last_on) as ledger,
        sumIf(moved_minor, effective_on > last_on) as later
    from (
        select * from {{ newest(ref('fct_ledger_days')) }} where account_code in ('1000', '2500', '2600')
    ) as days
    inner join reported
        on reported.workspace_id = days.workspace_id and reported.account_id = days.account_id
        and reported.code = days.currency
    group by workspace_id, account_id, code
)

select
    reported.workspace_id as workspace_id,
    reported.connection_id as connection_id,
    reported.account_id as account_id,
    account_type,
    reported.code as currency,
    last_on as reported_on,
    reported as reported_minor,
    toInt64(ledger) as ledger_minor,
    toInt64(later) as later_minor,
    toInt64(reported - ledger) as difference_minor
from reported
left join kept
    on kept.workspace_id = reported.workspace_id and kept.account_id = reported.account_id and kept.code = reported.code
