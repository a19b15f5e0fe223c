"""How does one customer live? Signup, trial, renewals, changes, failures, leaving and coming back.

A pure function of (seed, number of the customer,
company's first and last moment): the stream of lives is
the company. Nothing at or after `until` happens.
"""

from __future__ import annotations

from random import Random

from sandbox.company.aftermath import after_payment
from sandbox.company.billing import period_lines, write_invoice
from sandbox.company.calendar import add_months
from sandbox.company.catalog import COUPONS, DAY, PACK_PRICES, PRICES
from sandbox.company.decisions import between, leave
from sandbox.company.facts import NEVER, Checkout, Customer, Discount, Invoice, Item, Subscription
from sandbox.company.goodwill import give_credit
from sandbox.company.payments import collect
from sandbox.company.people import FATES, meet, new_method, random_of
from sandbox.company.usage import is_metered, usage_lines, with_calls

HOUR = 3_600
TRIAL = 14 * DAY


def live(seed: int, index: int, start: int, until: int, metered: bool = False) -> Customer:
    """The whole life of customer number `index` between two moments; `metered` may sell calls."""
    random = random_of(seed, "customer", index)
    fate = FATES.get(index)
    span = until - start
    if fate is not None:
        created = start + index * DAY + random.randrange(DAY)
    else:
        # The square root bends arrivals towards the end: the company grows.
        created = start + int(span * (0.04 + 0.96 * random.random()) ** 0.6)
    created = min(created, until - 2 * HOUR)
    customer = meet(seed, index, created, random)
    customer.is_metered = metered and fate is None and is_metered(seed, index)
    debit = fate == "debit_fails" or (
        fate is None and customer.currency == "eur" and random.random() < 0.16
    )
    first_method = new_method(customer, created + 90, random, "sepa_debit" if debit else "card")
    customer.defaults.append((first_method.created, first_method))
    ended_at = _subscribe(random, customer, created + 120, until, fate)
    returns = fate == "comes_back" or (fate is None and random.random() < 0.16)
    if ended_at != NEVER and returns:
        again = ended_at + random.randrange(20 * DAY, 110 * DAY)
        if again < until - HOUR:
            if (
                customer.subscriptions[-1].cancel_reason == "payment_failed"
                or customer.subscriptions[-1].status_at(until) != "canceled"
            ):
                method = new_method(customer, again - 60, random)
                customer.defaults.append((again - 60, method))
                if customer.delinquent and customer.delinquent[-1][1]:
                    customer.delinquent.append((again, False))
            ended_at = _subscribe(random, customer, again, until, None)
    if ended_at != NEVER and (fate == "deleted" or random.random() < 0.06):
        gone = ended_at + random.randrange(30 * DAY, 90 * DAY)
        last = max(
            (invoice.attempts[-1].at for invoice in customer.invoices if invoice.attempts),
            default=gone,
        )
        if gone < until and gone > last + 70 * DAY:
            customer.deleted_at = gone
        elif fate == "deleted":
            customer.deleted_at = until - 5 * DAY
    give_credit(seed, customer, until)
    return customer


def _choose_items(random: Random, customer: Customer, fate: str | None) -> tuple[Item, ...]:
    currency = customer.currency
    if fate == "enterprise":
        prices = (PRICES[currency, "month", 2], *PACK_PRICES[currency])
        return tuple(
            Item(customer.new_id("si"), price, 12 if number == 0 else 1)
            for number, price in enumerate(prices)
        )
    tier = (
        1
        if fate in ("upgrades", "downgrades", "annual_upgrade")
        else random.choices((0, 1, 2), (50, 35, 15))[0]
    )
    annual = fate == "annual_upgrade" or (fate is None and random.random() < 0.2)
    quantity = min(int(random.expovariate(0.22)) + 1, 60)
    items = [
        Item(customer.new_id("si"), PRICES[currency, "year" if annual else "month", tier], quantity)
    ]
    if not annual and currency in PACK_PRICES and random.random() < 0.08:
        items.append(Item(customer.new_id("si"), random.choice(PACK_PRICES[currency]), 1))
    return tuple(items)


def _choose_discount(
    random: Random, customer: Customer, at: int, items: tuple[Item, ...], trial: bool
) -> Discount | None:
    luck = random.random()
    chosen = None
    if luck < 0.10:
        chosen = "LAUNCH20"
    elif luck < 0.14:
        chosen = "PARTNER10"
    elif luck < 0.17 and not trial:
        chosen = "BLACKFRIDAY"
    elif luck < 0.20 and len(items) == 1:
        chosen = {"usd": "TEAM5", "eur": None if trial else "WELCOME10"}.get(customer.currency)
    if chosen is None:
        return None
    coupon = COUPONS[chosen]
    end = add_months(at, coupon.months) if coupon.months else None
    promotion = "promo_1NwLaunch20" if chosen == "LAUNCH20" and luck < 0.05 else None
    return Discount(customer.new_id("di"), coupon, at, end, promotion)


def _subscribe(random: Random, customer: Customer, at: int, until: int, fate: str | None) -> int:
    """Live one subscription; returns when it ended, NEVER where it has not."""
    items = _choose_items(random, customer, fate)
    if customer.is_metered:
        items = with_calls(customer, items)
    trial = fate in ("trial_converts", "trial_ends") or (fate is None and random.random() < 0.35)
    trial_end = at + TRIAL if trial else None
    discount = None if fate is not None else _choose_discount(random, customer, at, items, trial)
    identity = customer.new_id("sub")
    subscription = Subscription(
        identity,
        customer,
        at,
        trial_end or at,
        trial_end,
        discount,
        [(at, items)],
        [(at, "trialing" if trial else "incomplete")],
    )
    subscription.methods.append((at, customer.defaults[-1][1]))
    customer.subscriptions.append(subscription)
    begin = at
    if trial:
        assert trial_end is not None
        lines = period_lines(customer, items, at, trial_end, trial=True)
        invoice = write_invoice(
            customer, subscription, lines, at, at, (at, at), "subscription_create", first=False
        )
        invoice.paid_at = at
        subscription.periods.append((at, at, trial_end))
        begin = trial_end
        _check_out(random, customer, subscription, invoice)
        converts = fate == "trial_converts" or (fate is None and random.random() < 0.68)
        if not converts:
            asked = at + random.randrange(DAY, 13 * DAY)
            if asked < until:
                return leave(
                    random, subscription, asked, trial_end, until, "cancellation_requested"
                )
            return NEVER
        if trial_end >= until:
            return NEVER
    return _renew(random, customer, subscription, begin, until, fate)


def _check_out(
    random: Random, customer: Customer, subscription: Subscription, invoice: Invoice
) -> None:
    if random.random() < 0.6:
        done = subscription.created + 5
        customer.checkouts.append(
            Checkout(
                customer.new_id("cs_test"), subscription.created - 110, done, subscription, invoice
            )
        )


def _renew(
    random: Random,
    customer: Customer,
    subscription: Subscription,
    begin: int,
    until: int,
    fate: str | None,
) -> int:
    """Period after period from the first paid one on."""
    renewal = 0
    months = 0
    at = begin
    trialed = subscription.trial_end is not None
    while at < until:
        items = subscription.items_at(at)
        step = items[0].price.months
        end = add_months(begin, months + step)
        lines = customer.pending + period_lines(customer, items, at, end, trial=False)
        customer.pending = []
        first = renewal == 0
        immediate = first and not trialed
        finalized = at if immediate else at + HOUR
        previous = (at, at) if immediate else (subscription.periods[-1][1], at)
        lines += usage_lines(customer, items, *previous, free=first)
        reason = "subscription_create" if immediate else "subscription_cycle"
        invoice = write_invoice(
            customer, subscription, lines, at, finalized, previous, reason, first
        )
        subscription.periods.append((at, at, end))
        if first and trialed:
            subscription.statuses.append((at, "active"))
        if immediate:
            _check_out(random, customer, subscription, invoice)
        outcome, when = collect(
            random,
            customer,
            subscription,
            invoice,
            finalized + (2 if immediate else 5),
            until,
            0 if immediate else renewal + (not trialed or 1),
            fate,
        )
        _follow(customer, subscription, invoice, outcome, when, until, immediate)
        if outcome == "failed":
            if immediate:
                subscription.statuses.append((when, "incomplete_expired"))
                subscription.ended_at = when
                invoice.voided_at = when
                return when
            if random.random() < 0.5:
                invoice.uncollectible_at = when + 30
            return leave(random, subscription, when, when, until, "payment_failed")
        if outcome == "open":
            return NEVER
        if after_payment(random, customer, invoice, until, renewal, fate):
            dispute = invoice.attempts[-1].dispute
            if dispute is not None and dispute.closed_at < min(end, until):
                return leave(
                    random,
                    subscription,
                    dispute.closed_at,
                    dispute.closed_at,
                    until,
                    "payment_disputed",
                )
        ended = between(
            random, customer, subscription, at, end, max(when, at), until, renewal, fate
        )
        if ended is not None:
            if ended == end:
                _bill_last_use(random, customer, subscription, at, end, until)
            return ended
        months += step
        renewal += 1
        at = end
    return NEVER


def _bill_last_use(
    random: Random, customer: Customer, subscription: Subscription, at: int, end: int, until: int
) -> None:
    """Bill what the last period used, where a subscription ran to its end and is not renewed."""
    lines = usage_lines(customer, subscription.items_at(at), at, end)
    if not any(line.amount for line in lines):
        return
    invoice = write_invoice(
        customer, subscription, lines, end, end + HOUR, (at, end), "subscription_cycle", first=False
    )
    collect(random, customer, subscription, invoice, end + HOUR + 5, until, -1, "calm")


def _follow(
    customer: Customer,
    subscription: Subscription,
    invoice: Invoice,
    outcome: str,
    when: int,
    until: int,
    immediate: bool,
) -> None:
    """Bring the subscription's status and the customer's flag in line with a collection."""
    if immediate:
        pending_debit = (
            outcome == "open"
            and invoice.attempts
            and invoice.attempts[-1].method.kind == "sepa_debit"
        )
        if pending_debit or (
            outcome == "paid"
            and invoice.attempts
            and invoice.attempts[0].method.kind == "sepa_debit"
        ):
            # A bank debit that is still underway activates the subscription already.
            subscription.statuses.append((invoice.attempts[0].at, "active"))
        elif outcome == "paid":
            subscription.statuses.append((when, "active"))
        return
    failures = [failed for failed, _ in invoice.retries if failed < until]
    if failures:
        subscription.statuses.append((failures[0], "past_due"))
        customer.delinquent.append((failures[0], True))
        if outcome == "paid":
            subscription.statuses.append((when, "active"))
            customer.delinquent.append((when, False))
