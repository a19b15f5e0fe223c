"""What can be done with invoices, invoice items and refunds?

Create, finalize, pay, void, give up, give back.
"""

from __future__ import annotations

import json

from sandbox.company.calendar import DAY
from sandbox.stripe.errors import invalid, required
from sandbox.stripe.forms import as_bool, as_int
from sandbox.stripe.operations.credits import put_back
from sandbox.stripe.operations.invoicing import (
    collect,
    finalize,
    hold_lines,
    make_invoice,
    make_line,
    settle,
)
from sandbox.stripe.operations.session import Fields, Session, metadata


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/invoices: a draft of the customer's pending items."""
    if "customer" not in params:
        raise required("customer")
    customer = session.load("customer", params["customer"], "customer")
    method, due = _terms(session, params)
    identity = session.new_id("in")
    pending = [
        item
        for item in session.of_customer("invoiceitem", customer["id"])
        if item["invoice"] is None
    ]
    if params.get("pending_invoice_items_behavior", "exclude") == "exclude":
        pending = []
    lines = [_line_of(session, identity, item) for item in reversed(pending)]
    currency = str(params.get("currency") or customer["currency"] or "eur").lower()
    invoice = make_invoice(
        session,
        customer,
        None,
        lines,
        "manual",
        currency,
        (session.now, session.now),
        identity,
        None,
    )
    invoice |= {
        "auto_advance": as_bool(params.get("auto_advance", "false"), "auto_advance"),
        "description": params.get("description"),
        "metadata": metadata(invoice, params),
        "collection_method": method, "due_date": due,
    }  # fmt: skip
    for item in pending:
        item["invoice"] = identity
        session.save(item)
    return session.save(invoice)


def _terms(session: Session, params: Fields) -> tuple[str, int | None]:
    """How an invoice is collected, and when one that is sent is due."""
    method = str(params.get("collection_method", "charge_automatically"))
    if method not in ("charge_automatically", "send_invoice"):
        allowed = "must be one of charge_automatically or send_invoice"
        raise invalid(f"Invalid collection_method: {allowed}", "collection_method")
    given = [name for name in ("due_date", "days_until_due") if name in params]
    if method == "charge_automatically":
        if given:
            raise invalid(
                f"You can only pass `{given[0]}` if this invoice's collection_method is"
                " 'send_invoice'.", given[0],
            )  # fmt: skip
        return method, None
    if not given:
        raise invalid(
            "If `collection_method` is 'send_invoice', you must pass either `due_date` or"
            " `days_until_due`.", "days_until_due",
        )  # fmt: skip
    if "due_date" in params:
        due = as_int(params["due_date"], "due_date")
    else:
        due = session.now + as_int(params["days_until_due"], "days_until_due") * DAY
    if due <= session.now and "due_date" in params:
        raise invalid(
            "Invalid timestamp: must be an integer Unix timestamp in the future.", "due_date"
        )
    return method, due


def _line_of(session: Session, invoice: str, item: Fields) -> Fields:
    price = {
        "id": None,
        "product": None,
        "unit_amount": item["amount"],
        "currency": item["currency"],
    }
    details = (item.get("pricing") or {}).get("price_details")
    if details:
        price = session.load("price", details["price"])
    agreement = (item.get("parent") or {}).get("subscription_details") or {}
    return make_line(
        session, invoice, item["description"] or "", item["amount"], price, item["quantity"],
        (item["period"]["start"], item["period"]["end"]),
        agreement.get("subscription"), agreement.get("subscription_item"), pending=item["id"],
        proration=item["proration"],
    )  # fmt: skip


def create_item(session: Session, params: Fields) -> Fields:
    """POST /v1/invoiceitems: onto a draft invoice, or pending."""
    if "customer" not in params:
        raise required("customer")
    customer = session.load("customer", params["customer"], "customer")
    quantity = as_int(params.get("quantity", 1), "quantity")
    pricing: Fields | None = None
    currency = str(params.get("currency") or customer["currency"] or "eur").lower()
    if "pricing" in params:
        price = session.load("price", params["pricing"].get("price"), "pricing[price]")
        amount, currency = price["unit_amount"] * quantity, price["currency"]
        details = {"price": price["id"], "product": price["product"]}
        pricing = {
            "price_details": details,
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        }
    elif "amount" in params:
        amount = as_int(params["amount"], "amount")
    else:
        raise required("amount")
    item: Fields = {
        "id": session.new_id("ii"), "object": "invoiceitem", "amount": amount, "currency": currency,
        "customer": customer["id"],
        "customer_account": None, "date": session.now, "description": params.get("description"),
        "discountable": True,
        "discounts": [], "invoice": None, "livemode": False, "metadata": metadata({}, params),
        "net_amount": amount, "parent": None,
        "period": {"end": session.now, "start": session.now}, "pricing": pricing,
        "proration": False, "quantity": quantity,
        "quantity_decimal": str(quantity), "tax_rates": [], "test_clock": None,
    }  # fmt: skip
    if "invoice" in params:
        invoice = session.load("invoice", params["invoice"], "invoice")
        if invoice["status"] != "draft":
            raise invalid("This invoice is no longer editable", "invoice", "invoice_not_editable")
        item["invoice"] = invoice["id"]
        hold_lines(
            session, invoice, [*invoice["lines"]["data"], _line_of(session, invoice["id"], item)]
        )
        total = invoice["total"] + amount
        invoice |= {
            "subtotal": invoice["subtotal"] + amount,
            "total": total,
            "amount_due": max(total, 0),
            "amount_remaining": max(total, 0),
        }
        invoice |= {
            "subtotal_excluding_tax": invoice["subtotal"],
            "total_excluding_tax": invoice["subtotal"],
        }
        session.save(invoice)
        session.emit("invoice.updated", invoice)
    session.save(item)
    session.emit("invoiceitem.created", item)
    return item


def finalize_invoice(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}/finalize."""
    return finalize(session, session.load("invoice", identity))


def pay(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}/pay."""
    invoice = session.load("invoice", identity)
    if invoice["status"] == "draft":
        finalize(session, invoice)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("Invoices with status void cannot be paid.", code="invoice_not_payable")
    if as_bool(params.get("paid_out_of_band", "false"), "paid_out_of_band"):
        settle(session, invoice, out_of_band=True)
        return invoice
    return collect(
        session,
        invoice,
        params.get("payment_method"),
        as_bool(params.get("off_session", "true"), "off_session"),
    )


def _close(session: Session, identity: str, status: str, moment: str, event: str) -> Fields:
    invoice = session.load("invoice", identity)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(
            f"You can only pass in open invoices. This invoice isn't open: it is "
            f"{invoice['status']}.",
            code="invoice_not_editable",
        )
    invoice |= {"status": status, "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"] = {**invoice["status_transitions"], moment: session.now}
    if status == "void":
        invoice["amount_remaining"] = 0
        for payment in session.children("invoice_payment", identity):
            payment |= {
                "status": "canceled",
                "status_transitions": {**payment["status_transitions"], "canceled_at": session.now},
            }
            session.save(payment)
            intent = session.load("payment_intent", payment["payment"]["payment_intent"])
            intent |= {
                "status": "canceled",
                "canceled_at": session.now,
                "cancellation_reason": "void_invoice",
            }
            session.save(intent)
            session.emit("payment_intent.canceled", intent)
        put_back(session, invoice)
    session.save(invoice)
    session.emit(event, invoice)
    return invoice


def void(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}/void."""
    return _close(session, identity, "void", "voided_at", "invoice.voided")


def mark_uncollectible(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}/mark_uncollectible."""
    return _close(
        session,
        identity,
        "uncollectible",
        "marked_uncollectible_at",
        "invoice.marked_uncollectible",
    )


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}."""
    invoice = session.load("invoice", identity)
    changes: Fields = {"metadata": metadata(invoice, params)}
    if "auto_advance" in params:
        changes["auto_advance"] = as_bool(params["auto_advance"], "auto_advance")
        if not changes["auto_advance"]:
            changes["next_payment_attempt"] = None
    if "description" in params:
        changes["description"] = params["description"]
    if "default_payment_method" in params:
        changes["default_payment_method"] = session.load(
            "payment_method", params["default_payment_method"], "default_payment_method"
        )["id"]
    return session.change(invoice, changes, "invoice.updated")


def send(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/invoices/{id}/send."""
    invoice = session.load("invoice", identity)
    if invoice["status"] == "draft":
        finalize(session, invoice)
    session.emit("invoice.sent", invoice)
    return invoice


def delete(session: Session, params: Fields, identity: str) -> Fields:
    """DELETE /v1/invoices/{id}: drafts only."""
    invoice = session.load("invoice", identity)
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices.", code="invoice_not_editable")
    session.emit("invoice.deleted", invoice)
    return bury(session, invoice)


def bury(session: Session, value: Fields) -> Fields:
    """Leave a tombstone where an object was."""
    left: Fields = {"id": value["id"], "object": value["object"], "deleted": True}
    session.store.bury(value["id"], value["object"], json.dumps(left, separators=(",", ":")))
    return left


ROUTES = [
    ("POST", "/v1/invoices", create),
    ("POST", "/v1/invoiceitems", create_item),
    ("POST", "/v1/invoices/{id}", update),
    ("POST", "/v1/invoices/{id}/finalize", finalize_invoice),
    ("POST", "/v1/invoices/{id}/pay", pay),
    ("POST", "/v1/invoices/{id}/void", void),
    ("POST", "/v1/invoices/{id}/mark_uncollectible", mark_uncollectible),
    ("POST", "/v1/invoices/{id}/send", send),
    ("DELETE", "/v1/invoices/{id}", delete),
]
