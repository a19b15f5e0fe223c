"""How does Stripe show payments and the balance at a moment?"""

from __future__ import annotations

import json

from sandbox.company.facts import NEVER, Attempt, Dispute, Entry, Invoice, Refund
from sandbox.stripe import shapes_money as shapes
from sandbox.stripe.decline_codes import decline
from sandbox.stripe.render_invoices import upto
from sandbox.stripe.render_people import mandate_id
from sandbox.stripe.template import array, boolean, number, quoted

_DEEDS = {"subscription_create": "creation"}


def receipt_url(charge: str) -> str:
    """Where a payment's receipt would be."""
    return f"https://pay.northwind.example/receipts/{charge}"


def charge_status(attempt: Attempt, at: int) -> str:
    """Succeeded, pending or failed, at a moment."""
    if attempt.method.kind != "sepa_debit":
        return "failed" if attempt.decline else "succeeded"
    if attempt.failed_at is not None and at >= attempt.failed_at:
        return "failed"
    return "succeeded" if attempt.settled_at is not None and at >= attempt.settled_at else "pending"


def failure_code(attempt: Attempt) -> str:
    """What `failure_code` says: bank debits carry their reason itself."""
    code = attempt.decline or ""
    return code if attempt.method.kind == "sepa_debit" else decline(code).code


def render_details(attempt: Attempt, amount: int) -> str:
    """The method as it was when it was charged."""
    method = attempt.method
    slots = {
        "country": method.country, "fingerprint": method.fingerprint, "last4": method.last4,
        "mandate": mandate_id(method), "amount": amount,
        "brand": method.brand, "exp_month": method.exp_month, "exp_year": method.exp_year,
        "funding": method.funding, "network_id": attempt.id[-15:],
    }  # fmt: skip
    return (
        shapes.DEBIT_DETAILS(slots) if method.kind == "sepa_debit" else shapes.CARD_DETAILS(slots)
    )


def render_outcome(attempt: Attempt, status: str) -> str:
    """What the network said."""
    said = decline(attempt.decline or "") if status == "failed" else None
    advice, network_code = (said.advice, said.network_code) if said else (None, None)
    return shapes.OUTCOME({
        "advice": quoted(advice),
        "network_advice": quoted("03" if advice == "do_not_try_again" else None),
        "network_code": quoted(network_code),
        "network_status": "approved_by_network" if said is None else said.network_status,
        "reason": quoted(attempt.decline if said else None),
        "risk": len(attempt.id) + int(attempt.method.last4) % 40,
        "seller_message": "Payment complete." if said is None else "The bank did not return "
        "any further details with this decline.",
        "type": "authorized" if said is None else "issuer_declined",
    })  # fmt: skip


def render_charge(invoice: Invoice, attempt: Attempt, at: int) -> str:
    """One attempt to collect an invoice as of a moment."""
    status = charge_status(attempt, at)
    customer = invoice.customer
    failed = status == "failed"
    back = sum(refund.amount for refund in attempt.refunds if refund.at <= at)
    said = decline(attempt.decline or "")
    done = status == "succeeded"
    returned = attempt.failure_entry
    return shapes.CHARGE({
        "id": attempt.id, "amount": invoice.total,
        "captured_amount": invoice.total if not failed else 0, "refunded_amount": back,
        "entry": quoted(attempt.entry.id if attempt.entry else None), "country": customer.country,
        "email": customer.email, "name": customer.name,
        "captured": boolean(not failed), "created": attempt.at, "currency": customer.currency,
        "customer": customer.id,
        "description": f"Subscription {_DEEDS.get(invoice.reason, 'update')}",
        "disputed": boolean(attempt.dispute is not None and attempt.dispute.at <= at),
        "failure_entry": quoted(returned.id if returned and failed else None),
        "failure_code": quoted(failure_code(attempt) if failed else None),
        "failure_message": quoted(said.message if failed else None),
        "outcome": render_outcome(attempt, status), "paid": boolean(done),
        "intent": invoice.intent_id, "method": attempt.method.id,
        "details": render_details(attempt, invoice.total),
        "receipt_url": quoted(receipt_url(attempt.id) if done else None),
        "refunded": boolean(back == invoice.total and back > 0), "status": status,
    })  # fmt: skip


def intent_status(invoice: Invoice, at: int) -> str:
    """The state of the invoice's payment intent."""
    if at >= invoice.paid_at:
        return "succeeded"
    if at >= invoice.voided_at:
        return "canceled"
    last = last_attempt(invoice, at)
    if last is None:
        return (
            "requires_payment_method"
            if not invoice.subscription or not invoice.subscription.methods
            else "requires_confirmation"
        )
    status = charge_status(last, at)
    if status == "pending":
        return "processing"
    if status == "succeeded":
        return "succeeded"
    return (
        "requires_action"
        if last.decline == "authentication_required"
        else "requires_payment_method"
    )


def last_attempt(invoice: Invoice, at: int) -> Attempt | None:
    """The newest attempt made by a moment."""
    return next((attempt for attempt in reversed(invoice.attempts) if attempt.at <= at), None)


def render_error(attempt: Attempt) -> str:
    """`last_payment_error` of an intent."""
    said = decline(attempt.decline or "")
    return json.dumps({
        "advice_code": said.advice, "charge": attempt.id, "code": failure_code(attempt),
        "decline_code": attempt.decline,
        "doc_url": f"https://stripe.com/docs/error-codes/{said.code.replace('_', '-')}",
        "message": said.message,
        "network_decline_code": said.network_code,
        "payment_method": {"id": attempt.method.id, "object": "payment_method",
        "type": attempt.method.kind},
        "type": "card_error",
    }, separators=(",", ":"))  # fmt: skip


def render_intent(invoice: Invoice, at: int) -> str:
    """An invoice's payment intent as of a moment."""
    status = intent_status(invoice, at)
    last = last_attempt(invoice, at)
    failing = last is not None and charge_status(last, at) == "failed" and status != "succeeded"
    shown = last.method.id if last is not None and not failing else None
    action = None
    if status == "requires_action":
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    canceled = upto(invoice.voided_at, at)
    return shapes.PAYMENT_INTENT({
        "id": invoice.intent_id, "amount": invoice.total,
        "received": invoice.total if status == "succeeded" else 0,
        "canceled_at": number(canceled),
        "cancellation_reason": quoted("void_invoice" if canceled else None),
        "secret": f"{invoice.intent_id}_secret_{invoice.customer.token}",
        "created": invoice.finalized_at, "currency": invoice.customer.currency,
        "customer": invoice.customer.id, "description": f"Invoice {invoice.number}",
        "error": render_error(last) if last and failing else "null",
        "charge": quoted(last.id if last else None), "next_action": json.dumps(action),
        "method": quoted(shown),
        "status": status,
    })  # fmt: skip


def render_entry(entry: Entry, now: int) -> str:
    """A balance transaction; funds are available from the beginning of their day."""
    fees = "[]"
    if entry.fee:
        kind = (
            "Stripe processing fees"
            if entry.type in ("charge", "payment")
            else "Dispute fee"
            if entry.type == "adjustment"
            else "Stripe fee"
        )
        fees = (
            f'[{{"amount":{entry.fee},"application":null,"currency":"{entry.currency}",'
            f'"description":"{kind}","type":"stripe_fee"}}]'
        )
    return shapes.BALANCE_TRANSACTION({
        "id": entry.id, "amount": entry.amount, "available_on": entry.available_on,
        "created": entry.created, "currency": entry.currency,
        "description": json.dumps(entry.description), "rate": entry.exchange_rate or "null",
        "fee": entry.fee, "fee_details": fees,
        "net": entry.net, "category": entry.category, "source": entry.source,
        "status": "available" if entry.available_on <= now else "pending",
        "type": entry.type,
    })  # fmt: skip


def render_refund(refund: Refund) -> str:
    """Money given back."""
    return shapes.REFUND({
        "id": refund.id, "amount": refund.amount, "entry": quoted(refund.entry.id),
        "charge": refund.attempt.id, "created": refund.at,
        "currency": refund.invoice.customer.currency, "intent": quoted(refund.invoice.intent_id),
        "method": quoted(refund.attempt.method.id),
        "reason": quoted(refund.reason), "status": "succeeded",
    })  # fmt: skip


def render_dispute(dispute: Dispute, at: int, now: int) -> str:
    """A dispute as of a moment; `now` only tells which funds are available."""
    closed = at >= dispute.closed_at
    answered = at >= dispute.evidence_at
    status = (
        ("won" if dispute.won else "lost")
        if closed
        else "under_review"
        if answered
        else "needs_response"
    )
    entries = [render_entry(dispute.entry, now)]
    if closed and dispute.reversal is not None:
        entries.append(render_entry(dispute.reversal, now))
    return shapes.DISPUTE({
        "id": dispute.id, "amount": dispute.amount, "entries": array(entries),
        "charge": dispute.attempt.id, "created": dispute.at,
        "currency": dispute.invoice.customer.currency,
        "due_by": (dispute.at // 86_400 + 9) * 86_400 - 1, "has_evidence": boolean(answered),
        "submissions": 1 if answered else 0, "intent": dispute.invoice.intent_id,
        "brand": dispute.attempt.method.brand, "reason": dispute.reason,
        "status": status,
    })  # fmt: skip


def happened(moment: int | None, until: int) -> bool:
    """Whether a moment lies before the company's last one."""
    return moment is not None and moment != NEVER and moment < until
