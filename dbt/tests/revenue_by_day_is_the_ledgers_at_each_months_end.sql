{{ config(meta={'dagster': {'ref': {'name': 'fct_revenue_daily'}}}) }}
-- Conserved: revenue. Earned day by day or month by month, at each month's end the same has been earned, taken back and
-- deferred. The ledger earns what is over: the current month is left out.
with daily as (
    select workspace_id, connection_id, currency, toStartOfMonth(day) as month,
        sum(recognised_minor) as recognised, sum(taken_back_minor) as taken_back, argMax(deferred_minor, day) as deferred
    from {{ ref('fct_revenue_daily') }}
    where day < toStartOfMonth(today())
    group by workspace_id, connection_id, currency, month
),

ledger as (
    select workspace_id, connection_id, currency, toStartOfMonth(toDate(effective_at, 'UTC')) as month,
        -sumIf(amount_minor, account_code in ('4000', '4010')) as recognised,
        sumIf(amount_minor, account_code in ('4900', '4910')) as taken_back,
        -sum(sumIf(amount_minor, account_code = '2200')) over (
            partition by workspace_id, connection_id, currency order by month) as deferred
    from {{ newest(ref('fct_ledger_entries')) }}
    where account_code in ('2200', '4000', '4010', '4900', '4910') and effective_at < toStartOfMonth(now('UTC'))
    group by workspace_id, connection_id, currency, month
)

select workspace_id, connection_id, currency, month, daily.recognised, ledger.recognised, daily.taken_back, ledger.taken_back,
    daily.deferred, ledger.deferred
from daily
full join ledger using (workspace_id, connection_id, currency, month)
where daily.recognised != ledger.recognised or daily.taken_back != ledger.taken_back or daily.deferred != ledger.deferred
