"""What does this customer subscribe to? The subscription of the debt, its plan and period."""

from recovery.flows.facts import FactKind
from recovery.known.fact import VALUES, KnownFact
from recovery.known.subjects import ASKED

_SUBSCRIPTIONS = f"""{ASKED},
held as (
    select a.n as n, a.connection_id as connection_id, a.moment as moment, a.currency as currency,
        s.started_at as started_at, s.trial_started_at as trial_started_at,
        s.trial_ends_at as trial_ends_at, s.period_ends_at as period_ends_at,
        s.cancel_at as cancel_at, s.cancel_at_period_end as cancel_at_period_end,
        s.item_ids as item_ids
    from asked as a
    inner join (
        select * from unified.subscriptions final
        where (connection_id, id) in (select connection_id, subscription_id from asked)
    ) as s on s.connection_id = a.connection_id and s.id = a.subscription_id
)"""
# Of several items the dearest names the plan.
_ITEMS = f"""{_SUBSCRIPTIONS},
listed as (
    select h.n as n, h.connection_id as connection_id, h.currency as currency, item_id
    from held as h array join h.item_ids as item_id
),
items as (
    select l.n as n, l.connection_id as connection_id, l.currency as wanted, i.id as id,
        i.product_id as product_id, i.quantity as quantity, i.interval as interval,
        i.interval_count as interval_count, i.currency as currency,
        ifNull(i.unit_amount_minor, 0) * ifNull(i.quantity, 1) as amount_minor
    from listed as l
    inner join (
        select * from unified.subscription_items final
        where (connection_id, id) in (select connection_id, item_id from listed)
    ) as i on i.connection_id = l.connection_id and i.id = l.item_id
)"""
_BY_ITEM = f"{_ITEMS}\nselect i.n as n, {{values}} from items as i group by i.n"
_PLAN = f"""{_ITEMS},
dearest as (
    select n, connection_id, argMax(ifNull(product_id, ''), (amount_minor, id)) as product_id
    from items group by n, connection_id
)
select d.n as n, {{values}}
from dearest as d
inner join (
    select connection_id, id, name from unified.products final
    where (connection_id, id) in (select connection_id, product_id from dearest)
) as p on p.connection_id = d.connection_id and p.id = d.product_id
"""


_HELD = f"{_SUBSCRIPTIONS}\nselect h.n as n, {VALUES} from held as h"


def _days(begin: str, end: str) -> str:
    return f"dateDiff('second', {begin}, {end}) div 86400"


_TRIAL = "h.trial_started_at <= h.moment and h.trial_ends_at > h.moment"
FACTS = (
    KnownFact(
        "subscription.plan",
        FactKind("text", "The name of its product; of several the dearest's"),
        _PLAN,
        "p.name",
        is_dated=False,
    ),
    KnownFact(
        "subscription.interval",
        FactKind("text", "How often it is billed", ("day", "week", "month", "year")),
        _BY_ITEM,
        "argMax(i.interval, (i.amount_minor, i.id))",
        is_dated=False,
    ),
    KnownFact(
        "subscription.intervals",
        FactKind("integer", "Intervals per billing period: 3 of a quarter"),
        _BY_ITEM,
        "argMax(i.interval_count, (i.amount_minor, i.id))",
        is_dated=False,
    ),
    KnownFact(
        "subscription.quantity",
        FactKind("integer", "Units, such as seats, over all items"),
        _BY_ITEM,
        "sum(ifNull(i.quantity, 0))",
        is_dated=False,
    ),
    KnownFact(
        "subscription.amount",
        FactKind("money", "What one period of it costs, before discounts"),
        _BY_ITEM,
        "sumIf(i.amount_minor, i.currency = i.wanted)",
        is_dated=False,
    ),
    KnownFact(
        "subscription.is_trialing",
        FactKind("boolean", "Its trial has not ended"),
        _HELD,
        f"toBool(ifNull({_TRIAL}, false))",
    ),
    KnownFact(
        "subscription.trial_days",
        FactKind("integer", "Whole days that are left of its trial"),
        _HELD,
        f"if(ifNull({_TRIAL}, false), {_days('h.moment', 'h.trial_ends_at')}, null)",
    ),
    KnownFact(
        "subscription.age_days",
        FactKind("integer", "Whole days since it began"),
        _HELD,
        _days("h.started_at", "h.moment"),
    ),
    KnownFact(
        "subscription.period_ends_on",
        FactKind("date", "The day on which its paid period ends"),
        _HELD,
        "toDate(h.period_ends_at, 'UTC')",
        is_dated=False,
    ),
    KnownFact(
        "subscription.is_ending",
        FactKind("boolean", "It was told to end"),
        _HELD,
        "toBool(ifNull(h.cancel_at_period_end, false) or h.cancel_at is not null)",
        is_dated=False,
    ),
)
