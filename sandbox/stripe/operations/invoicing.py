"""How does a live invoice come to be and get paid?

Building, finalizing and collecting, with every event.
"""

from __future__ import annotations

import json

from sandbox.company.catalog import round_half_up
from sandbox.stripe import shapes
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations.charging import attempt, refuse
from sandbox.stripe.operations.credits import apply_to
from sandbox.stripe.operations.intents import make_intent
from sandbox.stripe.operations.payment_methods import resolve
from sandbox.stripe.operations.session import Fields, Session
from sandbox.stripe.render_invoices import render_tax
from sandbox.stripe.template import number, quoted


def make_line(
    session: Session,
    invoice: str,
    text: str,
    amount: int,
    price: Fields,
    quantity: int,
    period: tuple[int, int],
    subscription: str | None,
    item: str | None,
    pending: str | None = None,
    proration: bool = False,
) -> Fields:
    """One line of a live invoice."""
    parent = shapes.LINE_PARENT_PENDING if pending else shapes.LINE_PARENT_ITEM
    slots = {
        "pending": quoted(pending),
        "proration": "true" if proration else "false",
        "subscription": subscription or "",
        "item": item or "",
    }
    value: Fields = json.loads(shapes.LINE({
        "id": session.new_id("il"), "amount": amount, "currency": price["currency"],
        "description": json.dumps(text), "discount_amounts": "[]",
        "discountable": "false" if proration else "true", "discounts": "[]",
        "invoice": quoted(invoice), "parent": parent(slots),
        "start": period[0], "end": period[1], "credits": "[]", "price": price["id"] or "",
        "product": price["product"] or "",
        "unit": price["unit_amount"], "quantity": quantity, "subscription": quoted(subscription),
        "taxes": "[]",
    }))  # fmt: skip
    if price["id"] is None:
        value["pricing"] = {
            "price_details": None,
            "type": "price_details",
            "unit_amount_decimal": str(amount),
        }
    return value


def make_invoice(
    session: Session,
    customer: Fields,
    subscription: Fields | None,
    lines: list[Fields],
    reason: str,
    currency: str,
    period: tuple[int, int],
    identity: str,
    rate: Fields | None,
) -> Fields:
    """A draft with its lines added up, saved and told of."""
    taxed = 0
    if rate is not None:
        points = round(rate["percentage"] * 100)
        for line in lines:
            amount = round_half_up(line["amount"] * points, 10_000)
            taxed += amount
            line["taxes"] = [json.loads(render_tax(amount, rate["id"], line["amount"]))]
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal + taxed
    value: Fields = json.loads(shapes.INVOICE({
        "id": identity, "amount_due": max(total, 0), "amount_paid": 0,
        "amount_remaining": max(total, 0), "attempt_count": 0, "attempted": "false",
        "auto_advance": "true", "finalizes_at": "null", "reason": reason, "created": session.now,
        "currency": currency, "customer": customer["id"],
        "city": "null", "country": "", "line1": "null", "postal_code": "null", "email": "",
        "name": "", "phone": "null",
        "tax_exempt": customer["tax_exempt"], "tax_ids": "[]", "tax_rates": "[]", "discounts": "[]",
        "effective_at": "null",
        "ending_balance": "null", "hosted_url": "null", "pdf_url": "null", "lines": "null",
        "next_attempt": "null", "number": "null",
        "parent": "null", "period_start": period[0], "period_end": period[1],
        "post_payment_credit": 0, "status": "draft", "finalized_at": "null",
        "uncollectible_at": "null", "paid_at": "null", "voided_at": "null", "subtotal": subtotal,
        "total": total, "discount_amounts": "[]",
        "total_excluding_tax": subtotal, "credits": "[]", "taxes": "[]",
    }))  # fmt: skip
    if rate is not None:
        value["total_taxes"] = [json.loads(render_tax(taxed, rate["id"], subtotal))]
    for name in ("address", "email", "name", "phone", "shipping"):
        value[f"customer_{name}"] = customer.get(name)
    if subscription is not None:
        details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
        value["parent"] = {
            "quote_details": None,
            "subscription_details": details,
            "type": "subscription_details",
        }
    hold_lines(session, value, lines)
    session.save(value)
    session.emit("invoice.created", value)
    return value


def hold_lines(session: Session, invoice: Fields, lines: list[Fields]) -> None:
    """Put the first ten lines inside; the rest are rows of their own."""
    if len(lines) > 10:
        for line in lines:
            session.store.put(
                (
                    "line_item",
                    line["id"],
                    session.now,
                    None,
                    invoice["id"],
                    None,
                    json.dumps(line, separators=(",", ":")),
                )
            )
    invoice["lines"] = {
        "object": "list",
        "data": lines[:10],
        "has_more": len(lines) > 10,
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }


def finalize(session: Session, invoice: Fields) -> Fields:
    """Draft to open, with its payment intent; nothing to pay is paid at once."""
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    customer = session.load("customer", invoice["customer"])
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = sequence + 1
    session.save(customer)
    hosted = f"https://invoice.northwind.example/i/{invoice['id']}"
    invoice |= {
        "automatically_finalizes_at": None, "effective_at": session.now,
        "hosted_invoice_url": hosted,
        "invoice_pdf": hosted + "/pdf", "number": f"{customer['invoice_prefix']}-{sequence:04d}",
        "status": "open", "webhooks_delivered_at": session.now,
    }  # fmt: skip
    invoice["status_transitions"] = {**invoice["status_transitions"], "finalized_at": session.now}
    apply_to(session, customer, invoice)
    if invoice["amount_due"] > 0:
        intent = make_intent(
            session,
            invoice["amount_due"],
            invoice["currency"],
            customer["id"],
            f"Invoice {invoice['number']}",
        )
        intent["setup_future_usage"] = "off_session"
        session.save(intent)
        session.store.set_parent(intent["id"], invoice["id"])
        payment: Fields = json.loads(shapes.INVOICE_PAYMENT({
            "id": session.new_id("inpay"), "amount_paid": "null", "amount": invoice["amount_due"],
            "created": session.now,
            "currency": invoice["currency"], "invoice": invoice["id"], "intent": intent["id"],
            "status": "open", "canceled_at": "null", "paid_at": number(None),
        }))  # fmt: skip
        session.save(payment)
        session.emit("payment_intent.created", intent)
    session.save(invoice)
    session.emit("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        settle(session, invoice)
    return invoice


def method_for(session: Session, invoice: Fields) -> str | None:
    """The method that a collection takes: the subscription's own first, then the customer's."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = session.find(details.get("subscription"))
    customer = session.find(invoice["customer"]) or {}
    first: str | None = invoice["default_payment_method"] or (subscription or {}).get(
        "default_payment_method"
    )
    return first or (customer.get("invoice_settings") or {}).get("default_payment_method")


def collect(session: Session, invoice: Fields, wanted: str | None, off_session: bool) -> Fields:
    """Try to collect an open invoice now.

    Raises:
        StripeError: 402 where the payment was declined; the failure is recorded first.
    """
    identity = wanted or method_for(session, invoice)
    if identity is None:
        raise invalid(
            "There is no `default_payment_method` set on this Customer or Invoice. Please "
            "set a `default_payment_method` prior to paying.",
            code="resource_missing",
        )
    payment = session.children("invoice_payment", invoice["id"])[0]
    intent = session.load("payment_intent", payment["payment"]["payment_intent"])
    method = resolve(session, identity, "payment_method")
    charge = attempt(session, intent, method, off_session)
    tried = {"attempted": True, "attempt_count": max(invoice["attempt_count"], 1)}
    if charge["status"] == "succeeded":
        invoice.update(tried)
        settle(session, invoice)
        return invoice
    session.change(invoice, tried, "invoice.updated")
    if charge["status"] == "requires_action":
        session.emit("invoice.payment_action_required", invoice)
        message = (
            "This payment requires additional user action before it can be completed successfully."
        )
        raise invalid(message, code="invoice_payment_intent_requires_action")
    session.emit("invoice.payment_failed", invoice)
    customer = session.load("customer", invoice["customer"])
    session.change(customer, {"delinquent": True}, "customer.updated")
    raise refuse(charge, intent)


def settle(session: Session, invoice: Fields, out_of_band: bool = False) -> None:
    """Open (or uncollectible) to paid, and what follows: payment, subscription, customer."""
    due = invoice["amount_due"]
    previous = {name: invoice[name] for name in ("amount_paid", "amount_remaining", "status")}
    invoice |= {
        "amount_paid": due, "amount_remaining": 0, "attempted": True, "auto_advance": False,
        "next_payment_attempt": None, "status": "paid",
    }  # fmt: skip
    invoice["status_transitions"] = {**invoice["status_transitions"], "paid_at": session.now}
    session.save(invoice)
    for payment in session.children("invoice_payment", invoice["id"]):
        if payment["status"] == "open" and not out_of_band:
            payment |= {"amount_paid": due, "status": "paid"}
            payment["status_transitions"] = {
                **payment["status_transitions"],
                "paid_at": session.now,
            }
            session.save(payment)
            session.emit("invoice_payment.paid", payment)
    session.emit("invoice.updated", invoice, previous)
    session.emit("invoice.paid", invoice)
    session.emit("invoice.payment_succeeded", invoice)
    session.remember(
        "invoice_paid",
        invoice=invoice["id"],
        amount=due,
        currency=invoice["currency"],
        out_of_band=out_of_band,
    )
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = session.find(details.get("subscription"))
    if subscription is not None and subscription["status"] in ("past_due", "unpaid", "incomplete"):
        session.change(subscription, {"status": "active"}, "customer.subscription.updated")
        session.remember("subscription_active", subscription=subscription["id"])
    owing = [
        found
        for found in session.of_customer("invoice", invoice["customer"])
        if found["status"] == "open" and found["attempted"]
    ]
    customer = session.find(invoice["customer"])
    if customer is not None and not owing:
        session.change(customer, {"delinquent": False}, "customer.updated")
