-- Conserved: what customers paid. Lifetime sums of customers with one currency equal their succeeded charges in
-- unified.transactions, which are unified along another path. Guards dim_customers.
{{ config(meta={'dagster': {'ref': {'name': 'dim_customers'}}}) }}
with charged as (
    select workspace_id, connection_id, assumeNotNull(customer_id) as customer_id, sum(amount_minor) as paid_minor
    from {{ newest(ref('transactions')) }}
    where type = 'charge' and status = 'succeeded' and customer_id is not null
    group by workspace_id, connection_id, customer_id
)

select workspace_id, connection_id, customer_id, customers.lifetime_paid_minor, charged.paid_minor
from (select * from {{ newest(ref('dim_customers')) }}) as customers
left join charged using (workspace_id, connection_id, customer_id)
where not has_other_currencies and customers.lifetime_paid_minor != charged.paid_minor
