"""What does the API ask about balances? Sums of booking lines, and what banks reported.

A processor's balance is the sum of its ledger lines, exactly, once all of them are in: the figure
is derived, not reported by the provider, and says so. A bank reports its accounts' balances, of
several types; their lines are in `unified.transactions` and are not summed up here.
"""

from core.warehouse import TenantQuery

_BOOKED = "net_minor is not null and currency is not null and account_id is not null"
_ASKED = """
      ({account_id:String} = '' or account_id = {account_id:String})
      and ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({currency:String} = '' or currency = {currency:String})"""

AT = TenantQuery(
    f"""
    select provider, connection_id, assumeNotNull(account_id) as account_id,
        assumeNotNull(currency) as currency, sum(assumeNotNull(net_minor)) as balance_minor,
        sumIf(assumeNotNull(net_minor), available_at <= fromUnixTimestamp64Micro(
            {{at:Int64}}, 'UTC')) as available_minor
    from unified.balance_transactions final
    where created_at <= fromUnixTimestamp64Micro({{at:Int64}}, 'UTC') and {_BOOKED} and {_ASKED}
    group by provider, connection_id, account_id, currency
    order by provider, connection_id, account_id, currency
    """
)

CHANGES = TenantQuery(
    f"""
    select provider, connection_id, assumeNotNull(account_id) as account_id,
        assumeNotNull(currency) as currency, toDate(assumeNotNull(created_at), 'UTC') as day,
        sum(assumeNotNull(net_minor)) as change_minor
    from unified.balance_transactions final
    where created_at < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC') and {_BOOKED} and {_ASKED}
    group by provider, connection_id, account_id, currency, day
    order by provider, connection_id, account_id, currency, day
    """
)

# The newest of each type: a bank may report one of them more seldom than another.
REPORTED = TenantQuery(
    f"""
    select provider, connection_id, account_id, currency, toString(type) as type,
        argMax(amount_minor, (balances.reported_at, version)) as amount_minor,
        max(balances.reported_at) as reported_at
    from unified.balances as balances final
    where balances.reported_at <= fromUnixTimestamp64Micro({{at:Int64}}, 'UTC') and {_ASKED}
    group by provider, connection_id, account_id, currency, type
    order by provider, connection_id, account_id, currency, type
    """
)

REPORTED_DAYS = TenantQuery(
    f"""
    select provider, connection_id, account_id, currency, toString(type) as type,
        reported_on as day, argMax(amount_minor, (reported_at, version)) as amount_minor
    from unified.balances final
    where reported_at < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC')
      and type in ('booked', 'expected', 'available') and {_ASKED}
    group by provider, connection_id, account_id, currency, type, day
    order by provider, connection_id, account_id, currency, type, day
    """
)

NEWEST = TenantQuery(
    """
    select sum(held) as rows_held, max(newest) as newest_at,
        toString(arraySort(groupArray(told))) as state
    from (
        select count() as held, max(extracted_at) as newest,
            toString((count(), max(landed_at), sum(version))) as told
        from unified.balance_transactions
        union all
        select count() as held, max(extracted_at) as newest,
            toString((count(), max(landed_at), sum(version))) as told
        from unified.balances
    )
    """
)
