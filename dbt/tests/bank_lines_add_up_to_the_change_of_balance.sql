-- Conserved: money at a bank. From one reported day to the next, an account's booked balance changes by its posted
-- lines, exactly. A balance that was read in the middle of a day has some of that day's lines in it: those of the first
-- and the last day may be missing or there, in any combination that comes to the rest, and in no other. Of two days with
-- more than twelve lines together, not every combination is tried: there the rest lies within what they could come to.
-- Exceptions stand in the seed balance_exceptions, each with its reason. Guards the signs of unified.transactions and
-- unified.balances, and lines that are missing or there twice.
{{ config(meta={'dagster': {'ref': {'name': 'balances'}}}) }}
with excepted as (
    select workspace_id, connection_id, id as account_id
    from (select * from {{ newest(ref('accounts')) }})
    where (provider, ifNull(type, '')) in (select provider, account_type from {{ ref('balance_exceptions') }})
),

balances_by_account as (
    select workspace_id, connection_id, account_id, currency, arraySort(groupArray((reported_on, amount_minor))) as days
    from (select * from {{ newest(ref('balances')) }})
    where type = 'booked' and (workspace_id, connection_id, account_id) not in (select * from excepted)
    group by workspace_id, connection_id, account_id, currency
    having length(days) > 1
),

changes as (
    select workspace_id, connection_id, account_id, currency, change.1 as since_on, change.2 as until_on, change.3 as change_minor
    from balances_by_account
    array join arrayMap((before, after) -> (before.1, after.1, after.2 - before.2), arrayPopBack(days), arrayPopFront(days)) as change
),

lines_by_account as (
    select workspace_id, connection_id, account_id, currency, groupArray((assumeNotNull(booked_on), amount_minor)) as lines
    from (select * from {{ newest(ref('transactions')) }})
    where status = 'succeeded' and booked_on is not null
        and (workspace_id, connection_id, account_id) in (select workspace_id, connection_id, account_id from balances_by_account)
    group by workspace_id, connection_id, account_id, currency
),

changes_with_what_explains_them as (
    select workspace_id, connection_id, account_id, currency, since_on, until_on, change_minor,
        arraySum(arrayMap(line -> if(line.1 > since_on and line.1 < until_on, line.2, 0), lines)) as between_minor,
        change_minor - between_minor as rest_minor,
        arrayMap(line -> line.2, arrayFilter(line -> line.1 in (since_on, until_on), lines)) as edges
    from changes
    left join lines_by_account using (workspace_id, connection_id, account_id, currency)
)

select * from changes_with_what_explains_them
where if(length(edges) <= 12,
    not has(arrayFold((sums, amount) -> arrayDistinct(arrayConcat(sums, arrayMap(sum -> sum + amount, sums))),
        edges, [toInt64(0)]), rest_minor),
    rest_minor not between arraySum(arrayFilter(amount -> amount < 0, edges)) and arraySum(arrayFilter(amount -> amount > 0, edges)))
