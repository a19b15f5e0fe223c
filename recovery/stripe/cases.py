"""What is the truth about one payment? Read from Stripe in two or three requests, never from rows.

An invoice, a payment intent without one, or a lost dispute becomes a `Case`; None where there is
nothing that recovery cares about. A card's expiry and a renewal are found by the sweep.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import from_stripe
from recovery.declines import Declines
from recovery.engine.observing import Case, SeenAttempt, Status
from recovery.stripe.ahead import card_case, renewal_case
from recovery.stripe.attempts import attempts_of, fingerprint_of, last4_of
from recovery.stripe.client import StripeClient
from recovery.stripe.describing import facts_of
from recovery.stripe.subscribing import product_of, told_to_end

_EXPAND = ("customer", "payments", "parent.subscription_details.subscription")
_INVOICE_STATUS: Mapping[str, Status] = {
    "open": "open", "paid": "paid", "void": "void", "uncollectible": "uncollectible",
}  # fmt: skip
_ENDED = ("canceled", "incomplete_expired")


def read_case(
    client: StripeClient, declines: Declines, kind: str, subject_id: str, now: datetime
) -> Case | None:
    """Return the case of a subject; None where Stripe has none that is or was to be collected.

    Raises:
        RefusedError: Stripe refused, as a restricted key is.
        UnansweredError: Stripe did not answer.
    """
    reader = {
        "invoice": invoice_case, "payment_intent": intent_case, "dispute": dispute_case,
        "payment_method": card_case, "subscription": renewal_case,
    }  # fmt: skip
    return reader[kind](client, declines, subject_id, now)


def invoice_case(
    client: StripeClient, declines: Declines, invoice_id: str, now: datetime
) -> Case | None:
    """Return the case of an invoice; None for a draft.

    One that is sent rather than charged is `past_due` from its due date on; until then there is
    nothing to prevent: `over`.
    """
    invoice = client.find(
        f"/v1/invoices/{invoice_id}", **{f"expand[{n}]": path for n, path in enumerate(_EXPAND)}
    )
    if invoice is None or invoice["status"] == "draft":
        return None
    payments = (invoice.get("payments") or {}).get("data") or []
    intents = [
        payment["payment"]["payment_intent"]
        for payment in payments
        if payment["payment"].get("payment_intent")
    ]
    charges = [
        charge
        for intent in intents
        for charge in client.every("/v1/charges", payment_intent=intent)
    ]
    attempts = attempts_of(charges, declines)
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = details.get("subscription") or {}
    status = _INVOICE_STATUS[invoice["status"]]
    if status == "open" and subscription.get("status") in _ENDED:
        status = "canceled"
    if status == "open" and is_sent(invoice) and not is_past_due(invoice, now):
        status = "over"
    method = _next_method(client, invoice, subscription, charges)
    owed = from_stripe(invoice["amount_remaining"], invoice["currency"])
    paid = from_stripe(invoice["amount_paid"], invoice["currency"])
    retries_at = invoice.get("next_payment_attempt") if invoice.get("auto_advance") else None
    is_paid_here = any(one.is_success and not one.is_returned for one in attempts)
    return Case(
        subject_kind="invoice",
        subject_id=invoice_id,
        cause=_cause(invoice, attempts),
        status=status,
        customer_id=_id(invoice["customer"]),
        subscription_id=str(subscription.get("id") or ""),
        amount_minor=owed.amount_minor,
        currency=owed.currency,
        paid_minor=paid.amount_minor,
        paid_outside=status == "paid" and not is_paid_here,
        provider_retries_at=None if retries_at is None else datetime.fromtimestamp(retries_at, UTC),
        payment_method=str(method.get("id") or ""),
        fingerprint=fingerprint_of(method),
        attempts=attempts,
        facts={**facts_of(invoice, subscription, method, attempts), "paid": paid.amount_minor},
        recipient=str(invoice.get("customer_email") or _member(invoice["customer"], "email")),
        recipient_name=str(invoice.get("customer_name") or _member(invoice["customer"], "name")),
        phone=_member(invoice["customer"], "phone"),
        invoice_number=str(invoice.get("number") or ""),
        card_last4=last4_of(method),
        due_at=datetime.fromtimestamp(invoice.get("due_date") or invoice["created"], UTC),
        product_id=product_of(subscription),
        told_to_end_at=told_to_end(subscription),
    )


def is_sent(invoice: Mapping[str, Any]) -> bool:
    """Say whether an invoice is for its payer to pay, and nothing is charged by itself."""
    return bool(invoice["collection_method"] == "send_invoice")


def is_past_due(invoice: Mapping[str, Any], now: datetime) -> bool:
    """Say whether an invoice that was sent is open beyond its due date."""
    due = invoice.get("due_date")
    is_late = due is not None and due <= now.timestamp()
    return is_sent(invoice) and invoice["status"] == "open" and is_late


def intent_case(
    client: StripeClient, declines: Declines, intent_id: str, now: datetime
) -> Case | None:
    """Return the case of a failed payment of no invoice; None for any other."""
    intent = client.find(f"/v1/payment_intents/{intent_id}", **{"expand[0]": "customer"})
    if intent is None or _has_invoice(client, intent_id):
        return None
    attempts = attempts_of(client.every("/v1/charges", payment_intent=intent_id), declines)
    if not any(not one.is_success for one in attempts) and intent["status"] != "requires_action":
        return None
    status: Status = {"succeeded": "paid", "canceled": "void"}.get(intent["status"], "open")  # type: ignore[assignment]
    error = intent.get("last_payment_error") or {}
    method = error.get("payment_method") or {}
    owed = from_stripe(intent["amount"], intent["currency"])
    paid = from_stripe(intent["amount_received"], intent["currency"])
    newest = attempts[-1] if attempts else None
    needs = intent["status"] == "requires_action" or (
        newest is not None and newest.decline_class == "action_needed"
    )
    return Case(
        subject_kind="payment_intent",
        subject_id=intent_id,
        cause="action_required" if needs else "one_off",
        status=status,
        customer_id=_id(intent["customer"]),
        subscription_id="",
        amount_minor=owed.amount_minor,
        currency=owed.currency,
        paid_minor=paid.amount_minor,
        paid_outside=False,
        provider_retries_at=None,
        payment_method=str(method.get("id") or ""),
        fingerprint=fingerprint_of(method),
        attempts=attempts,
        facts=facts_of(intent, {}, method, attempts),
        recipient=str(intent.get("receipt_email") or _member(intent["customer"], "email")),
        recipient_name=_member(intent["customer"], "name"),
        phone=_member(intent["customer"], "phone"),
        card_last4=last4_of(method),
    )


def dispute_case(
    client: StripeClient, declines: Declines, dispute_id: str, now: datetime
) -> Case | None:
    """Return the case of a dispute that was lost; None while it is not."""
    dispute = client.find(f"/v1/disputes/{dispute_id}", **{"expand[0]": "charge.customer"})
    if dispute is None or dispute["status"] != "lost":
        return None
    charge = dispute["charge"]
    lost = from_stripe(dispute["amount"], dispute["currency"])
    return Case(
        subject_kind="dispute",
        subject_id=dispute_id,
        cause="dispute_lost",
        status="open",
        customer_id=_id(charge["customer"]),
        subscription_id="",
        amount_minor=lost.amount_minor,
        currency=lost.currency,
        paid_minor=0,
        paid_outside=False,
        provider_retries_at=None,
        payment_method="",
        fingerprint="",
        attempts=(),
        facts=facts_of(charge, {}, {}, attempts_of([charge], declines)),
        recipient=_member(charge["customer"], "email"),
        recipient_name=_member(charge["customer"], "name"),
        phone=_member(charge["customer"], "phone"),
    )


def _cause(invoice: Mapping[str, Any], attempts: tuple[SeenAttempt, ...]) -> str:
    if attempts and attempts[-1].is_returned:
        return "debit_returned"
    if is_sent(invoice):
        return "past_due"
    if attempts and attempts[-1].decline_class == "action_needed":
        return "action_required"
    reason = str(invoice.get("billing_reason") or "")
    if reason == "subscription_create":
        return "first_payment"
    return "renewal" if reason.startswith("subscription") else "one_off"


def _next_method(
    client: StripeClient,
    invoice: Mapping[str, Any],
    subscription: Mapping[str, Any],
    charges: list[dict[str, Any]],
) -> Mapping[str, Any]:
    """Return the method that Stripe would take next, in Stripe's order; empty for none."""
    customer = invoice["customer"] if isinstance(invoice["customer"], Mapping) else {}
    settings = customer.get("invoice_settings") or {}
    wanted = (
        invoice.get("default_payment_method") or invoice.get("default_source")
        or subscription.get("default_payment_method") or subscription.get("default_source")
        or settings.get("default_payment_method") or customer.get("default_source")
    )  # fmt: skip
    if not wanted:
        return {}
    for charge in charges:  # newest first: the same method, already described
        if charge.get("payment_method") == _id(wanted):
            return {"id": _id(wanted), **(charge.get("payment_method_details") or {})}
    return client.find(f"/v1/payment_methods/{_id(wanted)}") or {}


def _has_invoice(client: StripeClient, intent_id: str) -> bool:
    """Say whether a payment is an invoice's: those are cases of their invoice."""
    found = client.get(
        "/v1/invoice_payments", limit=1,
        **{"payment[type]": "payment_intent", "payment[payment_intent]": intent_id},
    )  # fmt: skip
    return bool(found["data"])


def _id(value: Any) -> str:
    return str(value.get("id") or "") if isinstance(value, Mapping) else str(value or "")


def _member(value: Any, name: str) -> str:
    return str(value.get(name) or "") if isinstance(value, Mapping) else ""
