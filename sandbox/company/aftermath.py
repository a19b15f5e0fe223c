"""What happens to a payment after it succeeded? Refunds, credit notes and disputes."""

from __future__ import annotations

from random import Random

from sandbox.company.billing import rounded
from sandbox.company.catalog import (
    DAY,
    DISPUTE_FEES,
    SETTLEMENT,
    convert,
    exchange_rate_micro,
    wire_rate,
)
from sandbox.company.facts import (
    NEVER,
    Attempt,
    CreditNote,
    Customer,
    Dispute,
    Entry,
    Invoice,
    Refund,
)

_DISPUTE_REASONS = (
    "fraudulent",
    "subscription_canceled",
    "product_not_received",
    "unrecognized",
    "duplicate",
)
_REFUND_REASONS = ("requested_by_customer", "requested_by_customer", "duplicate", None)


def _back(
    customer: Customer, at: int, amount: int, kind: str, source: str, text: str, fee: int = 0
) -> Entry:
    """A balance movement at today's rate; `amount` is signed, in the customer's currency."""
    rate = exchange_rate_micro(customer.currency, at)
    return Entry(
        id=customer.new_id("txn"),
        created=at,
        available_on=(at // DAY + (2 if amount > 0 else 0)) * DAY,
        type=kind,
        category={"adjustment": "dispute" if amount < 0 else "dispute_reversal"}.get(
            kind, "refund"
        ),
        amount=convert(amount, customer.currency, rate),
        fee=fee,
        currency=SETTLEMENT[customer.currency],
        source=source,
        description=text,
        exchange_rate=wire_rate(customer.currency, rate),
    )


def refund(
    customer: Customer, invoice: Invoice, attempt: Attempt, at: int, amount: int, reason: str | None
) -> Refund:
    """Give money back on one attempt."""
    debit = attempt.method.kind == "sepa_debit"
    identity = customer.new_id("pyr" if debit else "re")
    entry = _back(
        customer,
        at,
        -amount,
        "payment_refund" if debit else "refund",
        identity,
        f"REFUND FOR PAYMENT ({invoice.number})",
    )
    given = Refund(identity, invoice, attempt, at, amount, reason, entry)
    attempt.refunds.append(given)
    return given


def _credit_note(customer: Customer, invoice: Invoice, at: int, given: Refund) -> None:
    """Write the paper for a refund: the refunded share of the first line, tax told apart."""
    line = next((line for line in invoice.lines if line.amount > 0), None)
    if line is None:
        return
    points = invoice.tax_rate.basis_points if invoice.tax_rate else 0
    net = rounded(customer.currency, given.amount * 10_000, 10_000 + points)
    count = len(invoice.credit_notes) + 1
    number = f"{invoice.number}-CN-{count:02d}"
    note = CreditNote(
        customer.new_id("cn"),
        number,
        invoice,
        line.id,
        at,
        net,
        given.amount - net,
        given,
        "order_change",
    )
    invoice.credit_notes.append(note)


def after_payment(
    random: Random, customer: Customer, invoice: Invoice, until: int, renewal: int, fate: str | None
) -> bool:
    """Refund or dispute a paid invoice now and then.

    Returns:
        Whether a lost dispute makes the company end the subscription.
    """
    attempt = invoice.attempts[-1] if invoice.attempts else None
    if attempt is None or attempt.succeeded_at == NEVER:
        return False
    luck = random.random()
    wanted = renewal == 1
    if luck < 0.014 or (wanted and fate in ("refund_full", "refund_partial")):
        at = attempt.succeeded_at + random.randrange(DAY // 2, 20 * DAY)
        if at >= until:
            return False
        full = fate == "refund_full" or (fate is None and random.random() < 0.6)
        amount = (
            invoice.total
            if full
            else rounded(customer.currency, invoice.total * random.randrange(20, 70), 100)
        )
        if not 0 < amount <= invoice.total:
            return False
        given = refund(customer, invoice, attempt, at, amount, random.choice(_REFUND_REASONS))
        if wanted or random.random() < 0.5:
            _credit_note(customer, invoice, at, given)
        return False
    disputed = luck < 0.018 or (wanted and fate in ("dispute_lost", "dispute_won"))
    if not disputed or attempt.method.kind != "card":
        return False
    at = attempt.succeeded_at + random.randrange(5 * DAY, 40 * DAY)
    if at >= until:
        return False
    identity = customer.new_id("dp")
    settlement = SETTLEMENT[customer.currency]
    text = f"Chargeback withdrawal for {attempt.id}"
    entry = _back(
        customer, at, -invoice.total, "adjustment", attempt.id, text, DISPUTE_FEES[settlement]
    )
    dispute = Dispute(
        identity, invoice, attempt, at, invoice.total, random.choice(_DISPUTE_REASONS), entry
    )
    attempt.dispute = dispute
    evidence_at, closed_at = (
        at + random.randrange(DAY, 6 * DAY),
        at + random.randrange(20 * DAY, 60 * DAY),
    )
    won = fate == "dispute_won" or (fate is None and random.random() < 0.4)
    if won and evidence_at < until:
        dispute.evidence_at = evidence_at
    if closed_at < until:
        dispute.closed_at, dispute.won = closed_at, won
        if won:
            text = f"Chargeback reversal for {attempt.id}"
            dispute.reversal = _back(
                customer, closed_at, invoice.total, "adjustment", attempt.id, text
            )
    return not won and random.random() < 0.5
