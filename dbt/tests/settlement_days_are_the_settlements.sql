{{ config(meta={'dagster': {'ref': {'name': 'fct_settlement_days'}}}) }}
-- Conserved: every movement of the processor's balance, and its amounts, by day and whatever it can be told by. A difference
-- is mended by `dbt run --full-refresh --select int_billing__settlement_changes fct_settlement_days`.
{%- set cell = 'workspace_id, connection_id, day, category, method, brand, country, payment_currency, currency' %}
select {{ cell }}, sum(n) as movements_missing, sum(with_fee) as movements_with_fee_missing, sum(payment) as payment_missing,
    sum(gross) as gross_missing, sum(fee) as fee_missing, sum(net) as net_missing
from (
    select {{ cell | replace('day', 'toDate(booked_at) as day') }}, toInt64(1) as n, toInt64(fee_minor != 0) as with_fee,
        payment_minor as payment, gross_minor as gross, fee_minor as fee, net_minor as net
    from {{ newest(ref('fct_settlements')) }}
    union all
    select {{ cell }}, -movements, -movements_with_fee, -payment_minor, -gross_minor, -fee_minor, -net_minor
    from {{ newest(ref('fct_settlement_days')) }}
)
group by {{ cell }}
having movements_missing != 0 or movements_with_fee_missing != 0 or payment_missing != 0 or gross_missing != 0 or fee_missing != 0
    or net_missing != 0
