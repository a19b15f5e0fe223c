-- Conserved: what customers have in their favour: what invoices and credit notes moved of it, and what was given by hand.
-- Guards fct_trial_balance against Stripe's own movements of its customers' balances.
{{ config(meta={'dagster': {'ref': {'name': 'fct_trial_balance'}}}) }}
select workspace_id, connection_id, currency, sum(minor) as residual_minor
from (
    select workspace_id, connection_id, currency, debits_minor - credits_minor as minor
    from {{ ref('fct_trial_balance') }}
    where account_code = '2400'
    union all
    select workspace_id, connection_id, ifNull({{ iso_currency('stripe.currency') }}, '') as currency,
        -ifNull({{ iso_minor('stripe.amount', 'currency') }}, 0)
    from (select * from {{ newest(ref('stg_stripe__customer_balance_transactions')) }}) as stripe
)
group by workspace_id, connection_id, currency
having residual_minor != 0
