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
    select count() as rows_held,
        least(max(computed_at), (select max(extracted_at) from unified.subscriptions)) as newest_at,
        toString((count(), newest_at, max(computed_at), sum(version))) as state
    from marts.fct_mrr_movements
    """
)

REPORTING_CURRENCY = "select reporting_currency from workspaces where id = %s"
