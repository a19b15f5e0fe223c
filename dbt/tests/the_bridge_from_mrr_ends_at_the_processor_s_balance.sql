{{ config(meta={'dagster': {'ref': {'name': 'fct_cash_bridge'}}}) }}
-- Conserved: every cent between what subscriptions are worth a month and what reached the processor's balance.
-- The bridge's steps of a month add up to what the ledger's account of the balance moved by.
with bridge as (
    select workspace_id, connection_id, currency, month, sum(amount_minor) as bridged_minor
    from {{ ref('fct_cash_bridge') }}
    group by workspace_id, connection_id, currency, month
),

ledger as (
    select workspace_id, connection_id, currency, toStartOfMonth(toDate(effective_at, 'UTC')) as month, sum(amount_minor) as moved_minor
    from {{ newest(ref('fct_ledger_entries')) }}
    where account_code = '1010'
    group by workspace_id, connection_id, currency, month
)

select workspace_id, connection_id, currency, month, bridged_minor, moved_minor
from bridge
full join ledger using (workspace_id, connection_id, currency, month)
where bridged_minor != moved_minor
