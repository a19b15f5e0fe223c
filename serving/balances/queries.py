"""What does the API ask about balances? Sums over the accounts' own booking lines.

A processor's balance is the sum of its ledger lines, exactly, once all of them are in: the figure
is derived, not reported by the provider, and says so.
"""

from core.warehouse import TenantQuery

_ASKED = """
      net_minor is not null and currency is not null and account_id is not null
      and ({account_id:String} = '' or account_id = {account_id:String})
      and ({connection_id:String} = '' or connection_id = {connection_id:String})
      and ({currency:String} = '' or currency = {currency:String})"""

AT = TenantQuery(
    f"""
    select provider, connection_id, assumeNotNull(account_id) as account_id,
        assumeNotNull(currency) as currency, sum(assumeNotNull(net_minor)) as balance_minor,
        sumIf(assumeNotNull(net_minor), available_at <= fromUnixTimestamp64Micro(
            {{at:Int64}}, 'UTC')) as available_minor
    from unified.balance_transactions final
    where created_at <= fromUnixTimestamp64Micro({{at:Int64}}, 'UTC') and {_ASKED}
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
    where created_at < fromUnixTimestamp64Micro({{until:Int64}}, 'UTC') and {_ASKED}
    group by provider, connection_id, account_id, currency, day
    order by provider, connection_id, account_id, currency, day
    """
)

NEWEST = TenantQuery(
    """
    select count() as rows_held, max(extracted_at) as newest_at,
        toString((count(), max(landed_at), sum(version))) as state
    from unified.balance_transactions
    """
)
