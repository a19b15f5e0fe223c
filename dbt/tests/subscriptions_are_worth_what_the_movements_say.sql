-- Conserved: recurring revenue. What subscriptions are worth now is the sum of all movements of their customers. Guards
-- fct_subscriptions.
{{ config(meta={'dagster': {'ref': {'name': 'fct_subscriptions'}}}) }}
select workspace_id, connection_id, currency, sum(minor) as residual_minor
from (
    select workspace_id, connection_id, currency, mrr_minor as minor from {{ newest(ref('fct_subscriptions')) }}
    union all
    select workspace_id, connection_id, currency::String, -delta_minor from {{ newest(ref('fct_mrr_movements')) }}
)
group by workspace_id, connection_id, currency
having residual_minor != 0
