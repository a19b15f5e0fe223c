{{ config(materialized='view') }}

with days as (
    select workspace_id, connection_id, currency, net_minor, billed_at, starts_at, ends_at,
        greatest(dateDiff('second', starts_at, ends_at), 1) as seconds,
        toDate(starts_at) + arrayJoin(range(toUInt32(greatest(
            dateDiff('day', starts_at, least(ends_at, toDateTime64(today(), 3, 'UTC'))) + 1, 0)))) as service_on,
        toDateTime64(service_on, 3, 'UTC') as opens_at,
        toDateTime64(service_on + 1, 3, 'UTC') as closes_at,
        if(ends_at <= closes_at, toInt128(net_minor), intDiv(toInt128(net_minor) * dateDiff('second', starts_at, closes_at), seconds))
            - if(starts_at >= opens_at, toInt128(0), intDiv(toInt128(net_minor) * dateDiff('second', starts_at, opens_at), seconds)) as earned
    from {{ newest(ref('fct_revenue_lines')) }}
    where voided_at is null
),

moved as (
    select workspace_id, connection_id, currency, toDate(billed_at) as day, toInt64(net_minor) as billed_minor,
        toInt64(0) as recognised_minor, toInt64(0) as taken_back_minor
    from {{ newest(ref('fct_revenue_lines')) }}
    union all
    -- What is voided is taken back as it was billed. None of it was earned, as the ledger has it too.
    select workspace_id, connection_id, currency, toDate(assumeNotNull(voided_at)) as day, -toInt64(net_minor), 0, 0
    from {{ newest(ref('fct_revenue_lines')) }}
    where voided_at is not null
    union all
    -- What was served before it was billed is earned when it is billed.
    select workspace_id, connection_id, currency, greatest(service_on, toDate(billed_at)) as day, 0, toInt64(earned), 0
    from days
    where day < today()
    union all
    -- Refunds, credit notes and credits given as the ledger books them; money without an invoice is earned when it comes.
    select workspace_id, connection_id, currency, toDate(effective_at, 'UTC') as day,
        if(account_code = '4010', -amount_minor, 0), if(account_code = '4010', -amount_minor, 0),
        if(account_code in ('4900', '4910'), amount_minor, 0)
    from {{ newest(ref('fct_ledger_entries')) }}
    where account_code in ('4010', '4900', '4910')
),

summed as (
    select workspace_id, connection_id, currency, day, sum(moved.billed_minor) as billed,
        sum(moved.recognised_minor) as recognised, sum(moved.taken_back_minor) as taken_back
    from moved
    group by workspace_id, connection_id, currency, day
)

select workspace_id, connection_id, currency, day,
    toInt64(billed) as billed_minor,
    toInt64(recognised) as recognised_minor,
    toInt64(taken_back) as taken_back_minor,
    toInt64(sum(billed - recognised) over (
        partition by workspace_id, connection_id, currency order by day
        rows between unbounded preceding and current row)) as deferred_minor
from summed
