"""Which rows does the store hold for one customer?

Every object's final state, and the events of the last days.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.company.facts import NEVER, Customer, Invoice
from sandbox.stripe import render_invoices as invoices
from sandbox.stripe import render_payments as payments
from sandbox.stripe import render_people as people
from sandbox.stripe.history import customer_moments
from sandbox.stripe.legacy import Links, to_legacy_text
from sandbox.stripe.render_catalog import CatalogTexts, Row, tombstone
from sandbox.stripe.shapes_money import MANDATE
from sandbox.stripe.template import quoted
from sandbox.stripe.versions import DEFAULT_VERSION, LEGACY_VERSION


def event_text(
    identity: str, at: int, kind: str, body: str, version: str, request: str | None = None
) -> str:
    """An event around an object's JSON text."""
    return (
        f'{{"id":"{identity}","object":"event","api_version":"{version}","created":{at},"data":{{"object":{body}}},'
        f'"livemode":false,"pending_webhooks":0,"request":{{"id":{quoted(request)},"idempotency_key":null}},"type":"{kind}"}}'
    )


class Projection:
    """Facts to rows, for one company between its first day and its last moment."""

    def __init__(
        self, start: int, until: int, events_from: int, upgraded_at: int, metered: bool = False
    ) -> None:
        """Forget events before `events_from`; those before `upgraded_at` have the old shape."""
        self.until = until
        self.events_from = events_from
        self.upgraded_at = upgraded_at
        self.texts = CatalogTexts(start, metered)

    def objects(self, customer: Customer) -> Iterator[Row]:
        """Every object of one customer as it is at the company's last moment."""
        now, owner = self.until, customer.id
        if customer.deleted_at != NEVER:
            yield tombstone("customer", owner, customer.created)
        else:
            yield (
                "customer",
                owner,
                customer.created,
                None,
                None,
                None,
                people.render_customer(customer, now),
            )
            if customer.vat_object_id:
                yield (
                    "tax_id",
                    customer.vat_object_id,
                    customer.created,
                    owner,
                    owner,
                    None,
                    people.render_tax_id(customer),
                )
        for method in customer.methods:
            holder = people.method_customer(customer, method, now)
            yield (
                "payment_method",
                method.id,
                method.created - 20,
                holder,
                None,
                method.kind,
                people.render_method(customer, method, now),
            )
            setup = people.render_setup_intent(customer, method, now)
            yield (
                "setup_intent",
                method.setup_id,
                method.created - 20,
                owner,
                method.id,
                "succeeded",
                setup,
            )
            attempt_text = people.render_setup_attempt(customer, method)
            yield (
                "setup_attempt",
                method.setup_attempt_id,
                method.created,
                owner,
                method.setup_id,
                None,
                attempt_text,
            )
            if method.kind == "sepa_debit":
                name = people.mandate_id(method)
                slots = {
                    "id": name,
                    "created": method.created,
                    "method": method.id,
                    "reference": method.fingerprint.upper(),
                }
                yield "mandate", name, method.created, owner, method.id, None, MANDATE(slots)
        for subscription in customer.subscriptions:
            text = people.render_subscription(subscription, now, self.texts)
            status = subscription.status_at(now)
            yield "subscription", subscription.id, subscription.created, owner, None, status, text
            for item, item_text in zip(
                subscription.items_at(now),
                people.render_items(subscription, now, self.texts),
                strict=True,
            ):
                yield (
                    "subscription_item",
                    item.id,
                    subscription.created,
                    owner,
                    subscription.id,
                    None,
                    item_text,
                )
            if subscription.discount is not None:
                text = people.render_discount(subscription, subscription.discount, now)
                yield (
                    "discount",
                    subscription.discount.id,
                    subscription.discount.start,
                    owner,
                    subscription.id,
                    None,
                    text,
                )
        for checkout in customer.checkouts:
            text = invoices.render_checkout(checkout, now)
            yield (
                "checkout.session",
                checkout.id,
                checkout.created,
                owner,
                checkout.subscription.id,
                "complete",
                text,
            )
        for line in customer.pending:
            text = invoices.render_pending(customer, customer.subscriptions[-1], line, None)
            yield (
                "invoiceitem",
                line.pending_id or "",
                line.pending_created,
                owner,
                None,
                None,
                text,
            )
        for credit in customer.credits:
            yield (
                "customer_balance_transaction",
                credit.id,
                credit.at,
                owner,
                None,
                "adjustment",
                people.render_credit(customer, credit),
            )
        for invoice in customer.invoices:
            yield from self._invoice(customer, invoice)

    def _invoice(self, customer: Customer, invoice: Invoice) -> Iterator[Row]:
        now, owner = self.until, customer.id
        agreement = invoice.subscription.id if invoice.subscription else None
        status = invoices.status_at(invoice, now)
        yield (
            "invoice",
            invoice.id,
            invoice.created,
            owner,
            agreement,
            status,
            invoices.render_invoice(invoice, now),
        )
        many = len(invoice.lines) > 10
        for line in invoice.lines:
            if line.pending_id is not None and invoice.subscription is not None:
                text = invoices.render_pending(customer, invoice.subscription, line, invoice.id)
                yield (
                    "invoiceitem",
                    line.pending_id,
                    line.pending_created,
                    owner,
                    invoice.id,
                    None,
                    text,
                )
            if many:
                yield (
                    "line_item",
                    line.id,
                    invoice.created,
                    None,
                    invoice.id,
                    None,
                    invoices.render_line(invoice, line),
                )
        if invoice.total > 0 and invoice.finalized_at < now:
            payment_state = invoices.payment_status_at(invoice, now)
            text = invoices.render_payment(invoice, now)
            yield (
                "invoice_payment",
                invoice.payment_id,
                invoice.finalized_at,
                owner,
                invoice.id,
                payment_state,
                text,
            )
            text = payments.render_intent(invoice, now)
            yield (
                "payment_intent",
                invoice.intent_id,
                invoice.finalized_at,
                owner,
                invoice.id,
                payments.intent_status(invoice, now),
                text,
            )
        for attempt in invoice.attempts:
            text = payments.render_charge(invoice, attempt, now)
            yield (
                "charge",
                attempt.id,
                attempt.at,
                owner,
                invoice.intent_id,
                payments.charge_status(attempt, now),
                text,
            )
            for refund in attempt.refunds:
                yield (
                    "refund",
                    refund.id,
                    refund.at,
                    owner,
                    attempt.id,
                    "succeeded",
                    payments.render_refund(refund),
                )
            if attempt.dispute is not None:
                dispute = attempt.dispute
                yield (
                    "dispute",
                    dispute.id,
                    dispute.at,
                    owner,
                    attempt.id,
                    None,
                    payments.render_dispute(dispute, now, now),
                )
        for note in invoice.credit_notes:
            yield (
                "credit_note",
                note.id,
                note.at,
                owner,
                invoice.id,
                None,
                invoices.render_credit_note(note),
            )

    def events(self, customer: Customer) -> Iterator[Row]:
        """The events of one customer that Stripe still remembers, oldest first."""
        since, until = self.events_from, self.until
        moments = [
            moment
            for moment in customer_moments(customer, self.texts, until)
            if since <= moment[0] < until
        ]
        moments.sort(key=lambda moment: moment[0])
        owners = {
            identity: invoice
            for invoice in customer.invoices
            for identity in (invoice.id, invoice.intent_id)
        }
        for count, (at, kind, render) in enumerate(moments):
            identity = f"evt_1{customer.token}{count:05d}"

            def links(identity: str, at: int = at) -> tuple[str | None, str | None, str | None]:
                invoice = owners[identity]
                last = payments.last_attempt(invoice, at)
                return (
                    invoice.id,
                    invoice.intent_id if invoice.total > 0 else None,
                    last.id if last else None,
                )

            yield self.event(identity, at, kind, render(at), links)

    def event(
        self,
        identity: str,
        at: int,
        kind: str,
        body: str,
        links: Links = lambda identity: (None, None, None),
    ) -> Row:
        """One event row, rendered in the version that the account had then."""
        if at < self.upgraded_at:
            old = to_legacy_text(body, links)
            return (
                "event",
                identity,
                at,
                None,
                None,
                kind,
                event_text(identity, at, kind, old, LEGACY_VERSION),
            )
        return (
            "event",
            identity,
            at,
            None,
            None,
            kind,
            event_text(identity, at, kind, body, DEFAULT_VERSION),
        )
