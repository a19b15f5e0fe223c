"""How is an invoice collected?

Attempts, declines, the retry schedule, and what the customer does about it.
"""

from __future__ import annotations

from random import Random

from sandbox.company.catalog import (
    DAY,
    SETTLEMENT,
    convert,
    exchange_rate_micro,
    processing_fee,
    wire_rate,
)
from sandbox.company.facts import NEVER, Attempt, Customer, Entry, Invoice, Method, Subscription
from sandbox.company.people import new_method

# Share of first failures by the issuer's code, and the chance that one retry without any action
# succeeds.
DECLINES = {
    "insufficient_funds": (38, 0.34),
    "generic_decline": (20, 0.20),
    "do_not_honor": (12, 0.14),
    "expired_card": (10, 0.04),
    "authentication_required": (7, 0.0),
    "processing_error": (3, 0.70),
    "lost_card": (3, 0.0),
    "transaction_not_allowed": (2, 0.0),
    "card_velocity_exceeded": (2, 0.45),
    "stolen_card": (2, 0.0),
    "incorrect_cvc": (1, 0.05),
}
HARD = frozenset(
    {
        "lost_card",
        "stolen_card",
        "pickup_card",
        "transaction_not_allowed",
        "authentication_required",
    }
)
RETRY_DAYS = (2, 5, 9, 14)
GRACE_SECONDS = 14 * DAY + 6 * 3600
INCOMPLETE_SECONDS = 23 * 3600
_CODES = tuple(DECLINES)
_CODE_WEIGHTS = tuple(weight for weight, _ in DECLINES.values())
_FATE_CODES = {
    "late": "insufficient_funds",
    "hard_decline": "lost_card",
    "authenticates": "authentication_required",
    "expired_card": "expired_card",
    "debit_fails": "insufficient_funds",
    "retried": "insufficient_funds",
}


def payment_entry(
    customer: Customer, attempt_id: str, at: int, amount: int, method: Method, number: str
) -> Entry:
    """The balance movement of one collected payment."""
    currency = customer.currency
    rate = exchange_rate_micro(currency, at)
    settled = convert(amount, currency, rate)
    debit = method.kind == "sepa_debit"
    return Entry(
        id=customer.new_id("txn"),
        created=at,
        available_on=(at // DAY + (5 if debit else 2)) * DAY,
        type="payment" if debit else "charge",
        category="charge",
        amount=settled,
        fee=processing_fee(settled, currency, method.kind),
        currency=SETTLEMENT[currency],
        source=attempt_id,
        description=f"Payment for Invoice {number}",
        exchange_rate=wire_rate(currency, rate),
    )


def _try(
    customer: Customer, invoice: Invoice, at: int, method: Method, decline: str | None, until: int
) -> Attempt:
    """One attempt; a bank debit answers three days later."""
    debit = method.kind == "sepa_debit"
    attempt = Attempt(
        customer.new_id("py" if debit else "ch"), at, method, None if debit else decline
    )
    invoice.attempts.append(attempt)
    if not debit:
        if decline is None:
            attempt.entry = payment_entry(
                customer, attempt.id, at, invoice.total, method, invoice.number
            )
            attempt.settled_at = at
        return attempt
    attempt.entry = payment_entry(customer, attempt.id, at, invoice.total, method, invoice.number)
    answered_at = at + 3 * DAY + 7_200
    if answered_at >= until:
        return attempt
    if decline is None:
        attempt.settled_at = answered_at
        return attempt
    attempt.decline = decline
    attempt.failed_at = answered_at
    entry = attempt.entry
    attempt.failure_entry = Entry(
        id=customer.new_id("txn"),
        created=answered_at,
        available_on=entry.available_on,
        type="payment_failure_refund",
        category="charge_failure",
        amount=-entry.amount,
        fee=-entry.fee,
        currency=entry.currency,
        source=attempt.id,
        description=f"Payment failure refund for {invoice.number}",
        exchange_rate=entry.exchange_rate,
    )
    return attempt


def _first_decline(
    random: Random, method: Method, first: bool, fate: str | None, renewal: int
) -> str | None:
    if fate in _FATE_CODES and renewal == 2:
        return _FATE_CODES[fate]
    if fate is not None and fate != "incomplete":
        return None
    if fate == "incomplete" and first:
        return "generic_decline"
    chance = 0.03 if first or method.kind == "sepa_debit" else 0.075
    if random.random() >= chance:
        return None
    if method.kind == "sepa_debit":
        return "insufficient_funds" if random.random() < 0.7 else "debit_not_authorized"
    return random.choices(_CODES, _CODE_WEIGHTS)[0]


def planned_fix(random: Random, code: str, fate: str | None, failed_at: int) -> int:
    """When the customer will act by themselves (new card, authentication), NEVER if not."""
    if fate == "late":
        return failed_at + 12 * DAY + 3_600
    if fate in ("authenticates", "expired_card"):
        return failed_at + DAY + 5_000
    if fate in ("hard_decline", "retried"):
        return NEVER
    chance = 0.55 if code in ("expired_card", "authentication_required") else 0.38
    if random.random() >= chance:
        return NEVER
    return failed_at + random.randrange(4_000, 13 * DAY)


def collect(
    random: Random,
    customer: Customer,
    subscription: Subscription,
    invoice: Invoice,
    at: int,
    until: int,
    renewal: int,
    fate: str | None,
) -> tuple[str, int]:
    """Collect one invoice from `at` on.

    Returns:
        `paid`, `failed` (given up; the time is the deadline) or `open` (not decided
        before `until`), and when.
    """
    first = renewal == 0
    if at >= until:
        return "open", at
    if invoice.total <= 0:
        invoice.paid_at = at
        return "paid", at
    method = subscription.methods[-1][1]
    decline = _first_decline(random, method, first, fate, renewal)
    code = decline
    first_failed = NEVER
    fix_at = NEVER
    tries = 0
    while True:
        attempt = _try(customer, invoice, at, method, decline, until)
        attempt.by_customer = at == fix_at
        if attempt.succeeded_at != NEVER:
            invoice.paid_at = attempt.succeeded_at
            return "paid", invoice.paid_at
        failed_at = attempt.failed_at if attempt.failed_at is not None else at
        if method.kind == "sepa_debit" and attempt.failed_at is None:
            return "open", at
        if first_failed == NEVER:
            first_failed = failed_at
            if first:
                fix_at = (
                    failed_at + random.randrange(300, 60_000)
                    if fate is None and random.random() < 0.6
                    else NEVER
                )
            else:
                fix_at = planned_fix(random, decline or "", fate, failed_at)
        elif fix_at <= at:
            fix_at = NEVER
        if fix_at != NEVER:
            fix_at = max(fix_at, failed_at + 3_600)
        deadline = first_failed + (INCOMPLETE_SECONDS if first else GRACE_SECONDS)
        retry_at = NEVER
        if not first and code not in HARD and tries < len(RETRY_DAYS):
            retry_at = max(
                first_failed + RETRY_DAYS[tries] * DAY, failed_at + DAY
            ) + random.randrange(0, 18_000)
        tries += 1
        invoice.retries.append((failed_at, None if retry_at == NEVER else retry_at))
        at = min(fix_at, retry_at)
        if at == NEVER or at >= deadline:
            return ("failed", deadline) if deadline < until else ("open", deadline)
        if at >= until:
            return "open", at
        if at == fix_at:
            if code != "authentication_required":
                method = new_method(customer, at, random)
                subscription.methods.append((at, method))
                customer.defaults.append((at, method))
            decline = None if fate is not None or random.random() < 0.92 else "generic_decline"
        elif fate is not None:
            decline = code if fate == "late" or tries < 2 else None
        else:
            chance = DECLINES[code][1] if code in DECLINES else 0.2
            decline = None if random.random() < chance else code
