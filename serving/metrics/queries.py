"""What does the API ask of the marts? Movements of recurring revenue, summed over customers.

The daily series is walked from the movements here, not read from `marts.fct_mrr_daily`: that is a
view, and a workspace's filter outside a view would have it computed for every workspace first.
"""

from core.warehouse import TenantQuery

MOVEMENTS = TenantQuery(
    """
    select currency, moved_on, kind, sum(delta_minor) as delta_minor, count() as customers
    from marts.fct_mrr_movements final
    where moved_on < {until:Date} and ({currency:String} = '' or currency = {currency:String})
    group by currency, moved_on, kind
    order by currency, moved_on, kind
    """
)

# Movements are computed from subscriptions: they know no more than the older of the two.
NEWEST = TenantQuery(
    """
    select workspace_id, sum(held) as rows_held,
        least(max(computed), max(extracted)) as newest_at,
        toString((rows_held, newest_at, max(computed), sum(versions))) as state
    from (
        select workspace_id, count() as held, max(computed_at) as computed,
            toDateTime64(0, 3, 'UTC') as extracted, sum(version) as versions
        from marts.fct_mrr_movements
        group by workspace_id
        union all
        select workspace_id, 0, toDateTime64(0, 3, 'UTC'), max(extracted_at), 0
        from unified.subscriptions
        group by workspace_id
    )
    group by workspace_id
    """
)

REPORTING_CURRENCY = "select reporting_currency from workspaces where id = %s"
