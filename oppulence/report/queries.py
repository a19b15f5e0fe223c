"""What is asked of the warehouse for a month's report? Each question once, scoped to a workspace.

`{from:Date}` is the month's first day, `{until:Date}` the first after it; tomorrow, while the month
runs. Days are UTC.
"""

from datetime import date
from typing import Any

from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from oppulence.report.months import Month

MOVEMENTS = TenantQuery("""
select currency, if(moved_on < {from:Date}, 'opening', kind) as step,
    sum(delta_minor) as amount_minor, uniqExact(connection_id, customer_id) as customers
from marts.fct_mrr_movements final
where moved_on < {until:Date}
group by currency, step
""")
_WORTH = """from (
    select currency, connection_id, customer_id,
        sumIf(delta_minor, moved_on < {from:Date}) as opening_minor,
        sum(delta_minor) as closing_minor
    from marts.fct_mrr_movements final
    where moved_on < {until:Date}
    group by currency, connection_id, customer_id
)
"""
PAYING = TenantQuery(f"""
select currency, countIf(opening_minor != 0) as opening, countIf(closing_minor != 0) as closing
{_WORTH}group by currency
""")
# Who pays in two currencies is one customer.
CUSTOMERS = TenantQuery(f"""
select uniqExactIf((connection_id, customer_id), opening_minor != 0) as opening,
    uniqExactIf((connection_id, customer_id), closing_minor != 0) as closing
{_WORTH}""")
COHORTS = TenantQuery("""
select currency, cohort_month, month, sum(closing_mrr_minor) as mrr_minor,
    sum(customers_closing) as customers
from marts.fct_mrr_cohorts
where month < {until:Date}
group by currency, cohort_month, month
order by currency, cohort_month, month
""")
# From what is billed again and again to what moved at the processor; the steps add up.
BRIDGE = TenantQuery("""
select currency, place, step, sum(amount_minor) as amount_minor
from marts.fct_cash_bridge
where month = {from:Date}
group by currency, place, step
having amount_minor != 0
order by currency, place
""")
# Account 1010 is what Stripe holds for the company; the other side of each journal says why it
# moved.
HELD = TenantQuery("""
select currency, sumIf(amount_minor, effective_at < {from:Date}) as opening_minor,
    sum(amount_minor) as closing_minor
from marts.fct_ledger_entries final
where account_code = '1010' and effective_at < {until:Date}
group by currency
""")
FLOWS = TenantQuery("""
select currency, journal_type, account_code, -sum(amount_minor) as amount_minor
from marts.fct_ledger_entries final
where account_code != '1010' and effective_at >= {from:Date} and effective_at < {until:Date}
    and source_table = 'raw.stripe_balance_transaction'
group by currency, journal_type, account_code
having amount_minor != 0
""")
PAYOUTS = TenantQuery("""
select r.currency as currency, r.bank_verdict as verdict, sum(r.amount_minor) as amount_minor,
    count() as payouts
from marts.fct_payout_reconciliation as r final
inner join (
    select connection_id, id from unified.payouts final
    where created_at >= {from:Date} and created_at < {until:Date}
) as made on made.connection_id = r.connection_id and made.id = r.id
group by currency, verdict
""")


def _each(columns: str) -> str:
    return " union all ".join(
        f"select '{what}' as what, {columns} from marts.fct_{what}_reconciliation final"
        for what in ("payout", "deposit", "entry")
    )


# Of all months: an entry of November belongs to the case of an October payout.
UNMATCHED = TenantQuery(
    "select what, connection_id, id, happened_on, currency, amount_minor, difference_minor,"
    " verdict, reason, payouts, deposits, entries from ("
    + _each(
        "connection_id, id, happened_on, currency, amount_minor, difference_minor, verdict,"
        " reason, payouts, deposits, entries, is_unmatched"
    )
    + ") where is_unmatched order by happened_on desc, what desc, id"
)
# What stands behind 'explained': how many there are, and how many no bank is known for.
COMPARED = TenantQuery(
    "select what, countIf(bank_verdict != 'not_covered') as compared,"
    " countIf(bank_verdict = 'not_covered') as uncovered from ("
    + _each("happened_on, bank_verdict")
    + ") where happened_on < {until:Date} group by what"
)
# Those that the reconciliation takes (assets.reconciliation_inputs) and has not seen yet.
WAITING = TenantQuery("""
select count() as payouts
from unified.payouts final
where created_at < {until:Date} and currency is not null and amount_minor is not null
    and amount_minor != 0
    and (connection_id, id) not in (
        select connection_id, id from marts.fct_payout_reconciliation final
    )
""")
# Whether the models have run on what landed: a company has one of these when it has anything.
LANDED = TenantQuery("""
select (select count() from unified.subscriptions)
    + (select count() from unified.invoices) + (select count() from unified.payouts) as landed,
    (select count() from marts.fct_mrr_movements)
    + (select count() from marts.fct_ledger_entries) as computed
""")
# Open at the month's end, by what is known now: a payment or a void after it does not count yet.
RECEIVABLES = TenantQuery("""
select currency, late as days_late, count() as invoices, sum(open_minor) as amount_minor
from (
    select ifNull(currency, '') as currency,
        dateDiff('day', toDate(ifNull(due_at, finalized_at)), {until:Date}) - 1 as late,
        if(ifNull(paid_at >= {until:Date}, false), amount_due_minor, amount_remaining_minor)
            as open_minor
    from unified.invoices final
    where finalized_at < {until:Date} and status != 'draft'
        and ifNull(paid_at >= {until:Date}, status != 'paid')
        and ifNull(voided_at >= {until:Date}, status != 'void')
        and ifNull(marked_uncollectible_at >= {until:Date}, status != 'uncollectible')
)
where open_minor > 0
group by currency, days_late
""")
FAILURES = TenantQuery("""
select currency, outcome as status, retries_made > 0 as tried_again, count() as payments,
    sum(e.amount_minor) as amount_minor, sum(e.recovered_minor) as recovered_minor
from marts.fct_recovery_episodes as e final
where opened_at >= {from:Date} and opened_at < {until:Date}
group by currency, status, tried_again
""")
REASONS = TenantQuery("""
select currency, decline_code as code, count() as payments,
    countIf(outcome = 'recovered') as recovered, sum(e.amount_minor) as amount_minor,
    sum(e.recovered_minor) as recovered_minor
from marts.fct_recovery_episodes as e final
where opened_at >= {from:Date} and opened_at < {until:Date}
group by currency, code
order by currency, amount_minor desc, code
""")


def ask(
    warehouse: Warehouse, tenant: TenantId, query: TenantQuery, month: Month, until: date
) -> list[dict[str, Any]]:
    """Return a question's rows for a month, up to a day that does not count."""
    values = {"from": month.starts_on, "until": until}
    return warehouse.tenant_rows(tenant, query, values)
