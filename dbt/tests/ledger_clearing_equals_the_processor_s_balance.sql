-- Conserved: what the processor holds, at every day's end. Guards fct_trial_balance against unified.balance_transactions.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trial_balance'}}}) }}
select workspace_id, connection_id, currency, moved_on, sum(minor) as residual_minor
from (
    select workspace_id, connection_id, currency, effective_on as moved_on, debits_minor - credits_minor as minor
    from {{ ref('fct_trial_balance') }}
    where account_code = '1010'
    union all
    select workspace_id, connection_id, ifNull(currency, ''), toDate(created_at, 'UTC'), -ifNull(net_minor, 0)
    from {{ newest(ref('balance_transactions')) }}
)
group by workspace_id, connection_id, currency, moved_on
having residual_minor != 0
