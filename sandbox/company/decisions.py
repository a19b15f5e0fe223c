"""What does a customer decide during a paid period? To leave, change plan or seats, or not."""

from __future__ import annotations

from random import Random

from sandbox.company.billing import proration_lines, write_invoice
from sandbox.company.catalog import PRICES
from sandbox.company.facts import NEVER, Customer, Item, Subscription
from sandbox.company.payments import collect

HOUR = 3_600
_FEEDBACK = (
    "too_expensive",
    "missing_features",
    "switched_service",
    "unused",
    "customer_service",
    "other",
)


def between(
    random: Random,
    customer: Customer,
    subscription: Subscription,
    start: int,
    end: int,
    settled: int,
    until: int,
    renewal: int,
    fate: str | None,
) -> int | None:
    """What the customer decides during one paid period; the subscription's end, if that."""
    months = subscription.items_at(start)[0].price.months
    leaves = 0.034 if months == 1 else 0.25
    luck = random.random()
    at = settled + 2 * HOUR + int((end - settled - 8 * HOUR) * random.random())
    if at >= until or at <= settled:
        return None
    if (fate in ("comes_back", "deleted") and renewal == 2) or (fate is None and luck < leaves):
        immediate = fate is None and random.random() < 0.15
        return leave(
            random, subscription, at, at if immediate else end, until, "cancellation_requested"
        )
    plain = subscription.discount is None and len(subscription.items_at(at)) == 1
    # A bank debit under way may still fail, so plans change only on settled cards here.
    if not plain or not customer.invoices[-1].attempts:
        return None
    luck = random.random() / (1 if months == 1 else 6)
    wanted = renewal == 3 or (fate == "annual_upgrade" and renewal == 0)
    if (wanted and fate in ("upgrades", "annual_upgrade")) or (fate is None and luck < 0.02):
        change(
            random,
            customer,
            subscription,
            at,
            start,
            end,
            until,
            tier=1,
            immediately=random.random() < 0.5,
        )
    elif fate is None and luck < 0.045:
        change(random, customer, subscription, at, start, end, until, seats=random.randrange(1, 6))
    elif (wanted and fate == "downgrades") or (fate is None and luck < 0.055):
        change(random, customer, subscription, end, start, end, until, tier=-1)
    elif fate is None and luck < 0.068:
        change(
            random, customer, subscription, end, start, end, until, seats=-random.randrange(1, 4)
        )
    return None


def change(
    random: Random,
    customer: Customer,
    subscription: Subscription,
    at: int,
    start: int,
    end: int,
    until: int,
    tier: int = 0,
    seats: int = 0,
    immediately: bool = False,
) -> None:
    """Change plan or seats: rises are prorated at once, falls wait for the renewal."""
    old = subscription.items_at(at)
    item = old[0]
    price = item.price
    new_tier, quantity = price.tier + tier, item.quantity + seats
    if not 0 <= new_tier <= 2 or quantity < 1 or at >= until:
        return
    changed = (Item(item.id, PRICES[price.currency, price.interval, new_tier], quantity),)
    subscription.terms.append((at, changed))
    if at == end:
        return
    lines = proration_lines(customer, old, changed, at, start, end)
    customer.pending += lines
    if not immediately:
        return
    customer.pending = []
    invoice = write_invoice(
        customer, subscription, lines, at, at, (start, at), "subscription_update", first=False
    )
    collect(random, customer, subscription, invoice, at + 3, until, -1, "calm")


def leave(
    random: Random, subscription: Subscription, asked: int, ends: int, until: int, reason: str
) -> int:
    """End a subscription now or later; returns when it ended, NEVER if that is to come."""
    subscription.cancel_reason = reason
    subscription.cancel_requested_at = asked
    subscription.cancel_at = ends
    if reason == "cancellation_requested":
        subscription.cancel_feedback = random.choice(_FEEDBACK)
    if ends >= until:
        return NEVER
    subscription.statuses.append((ends, "canceled"))
    subscription.ended_at = ends
    return ends
