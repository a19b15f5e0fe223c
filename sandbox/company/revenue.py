"""What is a subscription worth a month, and when did that change?

The company's own definition of MRR.

A subscription counts at the end of a day (UTC) on which it is active or past due; not while
trialing,
incomplete, or after its end. Per item that is not metered: price × quantity per period,
less a recurring discount of so many percent (coupons for once do not count), over the months of
the period, rounded half up to the minor unit. A fixed amount is what each invoice is less: it comes
off the sum of the items, which is rounded then. A movement is the change of a customer's sum
between two days' ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.company.catalog import DAY, round_half_up
from sandbox.company.facts import Customer, Subscription

COUNTED = frozenset({"active", "past_due"})


def monthly_value(subscription: Subscription, at: int) -> int:
    """A subscription's MRR at a moment, in minor units of its currency."""
    if subscription.status_at(at) not in COUNTED or at < subscription.created:
        return 0
    discount = subscription.discount
    if discount is not None:
        spent = discount.end is not None and at >= discount.end
        if spent or discount.coupon.duration == "once" or at < discount.start:
            discount = None
    # What is used is no promise.
    items = [item for item in subscription.items_at(at) if item.price.meter is None]
    if discount is not None and discount.coupon.amount_off is not None:
        # All items of a subscription are billed together, for as many months.
        (months,) = {item.price.months for item in items}
        billed = sum(item.price.unit_amount * item.quantity for item in items)
        return round_half_up(max(0, billed - discount.coupon.amount_off), months)
    value = 0
    for item in items:
        numerator, denominator = item.price.unit_amount * item.quantity, item.price.months
        if discount is not None and discount.coupon.percent_off is not None:
            numerator, denominator = (
                numerator * (100 - discount.coupon.percent_off),
                denominator * 100,
            )
        value += round_half_up(numerator, denominator)
    return value


def movements(customer: Customer, until: int) -> Iterator[tuple[int, str, int]]:
    """(day number, kind, signed change) of every day on which a customer's MRR changed."""
    days = set()
    for subscription in customer.subscriptions:
        changes = [since for since, _ in (*subscription.statuses, *subscription.terms)]
        if subscription.discount is not None and subscription.discount.end is not None:
            changes.append(subscription.discount.end)
        days |= {at // DAY for at in changes if at < until}
    before, ever = 0, False
    for day in sorted(days):
        value = sum(
            monthly_value(subscription, (day + 1) * DAY - 1)
            for subscription in customer.subscriptions
        )
        if value == before:
            continue
        if before == 0:
            kind = "reactivation" if ever else "new"
        elif value == 0:
            kind = "churn"
        else:
            kind = "expansion" if value > before else "contraction"
        yield day, kind, value - before
        before, ever = value, True
