-- Conserved: a customer's balance is the sum of all that ever moved it. Guards
-- stg_stripe__customer_balance_transactions, whose rows are asked of customers that have a balance, or whose invoices
-- began with one, against the customers themselves.
{{ config(meta={'dagster': {'ref': {'name': 'stg_stripe__customer_balance_transactions'}}}) }}
select workspace_id, connection_id, customer_id, sum(held.amount) as residual
from (
    select workspace_id, connection_id, id as customer_id, ifNull(balance, 0) as amount
    from {{ newest(ref('stg_stripe__customers')) }}
    where balance != 0
    union all
    -- Of a customer who was removed nobody tells a balance.
    select workspace_id, connection_id, ifNull(customer_id, ''), -ifNull(amount, 0)
    from {{ newest(ref('stg_stripe__customer_balance_transactions')) }}
    where (workspace_id, connection_id, ifNull(customer_id, '')) in (
        select workspace_id, connection_id, id from {{ newest(ref('stg_stripe__customers')) }})
) as held
group by workspace_id, connection_id, customer_id
having residual != 0
