"""Which events did Stripe send for one customer?

Derived from the times in the facts, each showing its object then.

An object's newest event shows the object's final state: whoever replays the events has the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sandbox.company.calendar import DAY
from sandbox.company.facts import NEVER, Attempt, Customer, Invoice, Line, Subscription
from sandbox.stripe import render_invoices as invoices
from sandbox.stripe import render_payments as payments
from sandbox.stripe import render_people as people
from sandbox.stripe.render_catalog import CatalogTexts

# How long before a renewal Stripe tells of it.
UPCOMING_SECONDS = 3 * DAY
Moment = tuple[int, str, Callable[[int], str]]


def _still(render: Callable[..., str], *arguments: Any) -> Callable[[int], str]:
    """A rendering that is the same at every moment."""
    return lambda at: render(*arguments)


def customer_moments(customer: Customer, texts: CatalogTexts, now: int) -> Iterator[Moment]:
    """Every (time, event type, rendering) of one customer's life, unordered."""
    show = partial(people.render_customer, customer)
    yield customer.created, "customer.created", show
    changes = {since for since, _ in (*customer.defaults, *customer.delinquent)}
    changes |= {credit.at for credit in customer.credits}
    for at in sorted(changes):
        yield at, "customer.updated", show
    if customer.vat_object_id:
        yield customer.created, "customer.tax_id.created", _still(people.render_tax_id, customer)
    for method in customer.methods:
        show_setup = partial(people.render_setup_intent, customer, method)
        show_method = partial(people.render_method, customer, method)
        yield method.created - 20, "setup_intent.created", show_setup
        yield method.created, "setup_intent.succeeded", show_setup
        yield method.created, "payment_method.attached", show_method
        if customer.deleted_at != NEVER:
            yield customer.deleted_at, "payment_method.detached", show_method
    for subscription in customer.subscriptions:
        yield from _subscription_moments(subscription, texts)
    for checkout in customer.checkouts:
        done = partial(invoices.render_checkout, checkout)
        yield checkout.completed_at, "checkout.session.completed", done
    for line in customer.pending:
        waiting = _still(invoices.render_pending, customer, customer.subscriptions[-1], line, None)
        yield line.pending_created, "invoiceitem.created", waiting
    for invoice in customer.invoices:
        yield from _invoice_moments(invoice)
        for attempt in invoice.attempts:
            yield from _attempt_moments(invoice, attempt, now)
        for note in invoice.credit_notes:
            yield note.at, "credit_note.created", _still(invoices.render_credit_note, note)
    if customer.deleted_at != NEVER:
        # The event of a deletion shows the customer as it last was.
        last = _still(people.render_customer, customer, customer.deleted_at - 1)
        yield customer.deleted_at, "customer.deleted", last


def _subscription_moments(subscription: Subscription, texts: CatalogTexts) -> Iterator[Moment]:
    def show(at: int) -> str:
        return people.render_subscription(subscription, at, texts)

    yield subscription.created, "customer.subscription.created", show
    changes = {
        since
        for since, _ in (
            *subscription.statuses,
            *subscription.terms,
            *subscription.latest_invoices,
            *subscription.methods,
        )
    }
    changes |= {period[0] for period in subscription.periods} | {subscription.cancel_requested_at}
    if (
        subscription.discount is not None
        and subscription.discount.end is not None
        and subscription.discount.coupon.duration != "once"
    ):
        changes.add(subscription.discount.end)
    if subscription.discount is not None:
        discount = subscription.discount
        yield (
            discount.start,
            "customer.discount.created",
            lambda at: people.render_discount(subscription, discount),
        )
        if discount.end is not None:
            yield (
                discount.end,
                "customer.discount.deleted",
                lambda at: people.render_discount(subscription, discount),
            )
    if subscription.trial_end is not None:
        yield subscription.trial_end - 3 * DAY, "customer.subscription.trial_will_end", show
    for _, _, end in subscription.periods:
        at = end - UPCOMING_SECONDS
        if subscription.created < at < min(subscription.cancel_requested_at, subscription.ended_at):
            yield at, "invoice.upcoming", partial(invoices.render_upcoming, subscription, end)
    ended = subscription.ended_at
    deleted = ended != NEVER and subscription.statuses[-1][1] == "canceled"
    for at in sorted(changes):
        if at > subscription.created and not (deleted and at == ended):
            yield at, "customer.subscription.updated", show
    if deleted:
        yield ended, "customer.subscription.deleted", show


def _pending(invoice: Invoice, line: Line, at: int) -> str:
    assert invoice.subscription is not None
    taken = invoice.id if at >= invoice.created else None
    return invoices.render_pending(invoice.customer, invoice.subscription, line, taken)


def _invoice_moments(invoice: Invoice) -> Iterator[Moment]:
    show = partial(invoices.render_invoice, invoice)
    show_intent = partial(payments.render_intent, invoice)
    for line in invoice.lines:
        if line.pending_id is not None:
            yield line.pending_created, "invoiceitem.created", partial(_pending, invoice, line)
    yield invoice.created, "invoice.created", show
    yield invoice.finalized_at, "invoice.finalized", show
    if invoice.total > 0:
        yield invoice.finalized_at, "payment_intent.created", show_intent
    for attempt in invoice.attempts:
        if attempt.method.kind == "sepa_debit":
            yield attempt.at, "payment_intent.processing", show_intent
            yield attempt.at, "invoice.updated", show
    for failed, _ in invoice.retries:
        yield failed, "payment_intent.payment_failed", show_intent
        yield failed, "invoice.updated", show
        yield failed, "invoice.payment_failed", show
    if invoice.paid_at != NEVER:
        if invoice.total > 0:
            yield invoice.paid_at, "payment_intent.succeeded", show_intent
            yield (
                invoice.paid_at,
                "invoice_payment.paid",
                lambda at: invoices.render_payment(invoice, at),
            )
        yield invoice.paid_at, "invoice.updated", show
        yield invoice.paid_at, "invoice.paid", show
        yield invoice.paid_at, "invoice.payment_succeeded", show
    for note in invoice.credit_notes:
        yield note.at, "invoice.updated", show
    if invoice.uncollectible_at != NEVER:
        yield invoice.uncollectible_at, "invoice.marked_uncollectible", show
    if invoice.voided_at != NEVER:
        yield invoice.voided_at, "invoice.voided", show
        yield invoice.voided_at, "payment_intent.canceled", show_intent
    subscription_end = invoice.subscription.ended_at if invoice.subscription else NEVER
    if subscription_end != NEVER and subscription_end < min(invoice.paid_at, invoice.voided_at):
        yield subscription_end, "invoice.updated", show


def _attempt_moments(invoice: Invoice, attempt: Attempt, now: int) -> Iterator[Moment]:
    def show(at: int) -> str:
        return payments.render_charge(invoice, attempt, at)

    if attempt.method.kind == "sepa_debit":
        yield attempt.at, "charge.pending", show
        if attempt.settled_at is not None:
            yield attempt.settled_at, "charge.succeeded", show
        if attempt.failed_at is not None:
            yield attempt.failed_at, "charge.failed", show
    else:
        yield attempt.at, "charge.failed" if attempt.decline else "charge.succeeded", show
    for refund in attempt.refunds:
        yield refund.at, "refund.created", _still(payments.render_refund, refund)
        yield refund.at, "charge.refunded", show
    dispute = attempt.dispute
    if dispute is None:
        return

    def show_dispute(at: int) -> str:
        return payments.render_dispute(dispute, at, now)

    yield dispute.at, "charge.dispute.created", show_dispute
    yield dispute.at, "charge.dispute.funds_withdrawn", show_dispute
    yield dispute.at, "charge.updated", show
    if dispute.evidence_at != NEVER:
        yield dispute.evidence_at, "charge.dispute.updated", show_dispute
    if dispute.closed_at != NEVER:
        if dispute.won:
            yield dispute.closed_at, "charge.dispute.funds_reinstated", show_dispute
        yield dispute.closed_at, "charge.dispute.closed", show_dispute
