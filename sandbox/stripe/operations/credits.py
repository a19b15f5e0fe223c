"""What does a customer have in their favour, and how does it move?

By hand, and by invoices: what is there is taken into account when an invoice is finalized, and put
back when it is voided.
"""

from __future__ import annotations

import json

from sandbox.stripe import shapes
from sandbox.stripe.errors import invalid, required
from sandbox.stripe.forms import as_int
from sandbox.stripe.operations.session import Fields, Session, metadata
from sandbox.stripe.template import quoted

PATH = "/v1/customers/{id}/balance_transactions"


def move(
    session: Session,
    customer: Fields,
    amount: int,
    kind: str,
    currency: str,
    invoice: str | None = None,
    description: str | None = None,
) -> Fields:
    """Change a customer's balance; below zero is in their favour."""
    balance = customer["balance"] + amount
    value: Fields = json.loads(shapes.BALANCE_TRANSACTION({
        "id": session.new_id("cbtxn"), "amount": amount, "created": session.now,
        "currency": currency, "customer": customer["id"], "description": json.dumps(description),
        "balance": balance, "invoice": quoted(invoice), "type": kind,
    }))  # fmt: skip
    session.save(value)
    changes: Fields = {"balance": balance, "currency": customer["currency"] or currency}
    session.change(customer, changes, "customer.updated")
    return value


def apply_to(session: Session, customer: Fields, invoice: Fields) -> None:
    """Take a customer's balance into account in an invoice that is being finalized."""
    start = customer["balance"]
    owed = invoice["total"] + start
    due, end = max(owed, 0), min(owed, 0)
    invoice |= {
        "starting_balance": start, "ending_balance": end, "amount_due": due,
        "amount_remaining": due,
    }  # fmt: skip
    if end != start:
        kind = "applied_to_invoice"
        move(session, customer, end - start, kind, invoice["currency"], invoice["id"])


def put_back(session: Session, invoice: Fields) -> None:
    """Undo what a voided invoice took of its customer's balance."""
    taken = (invoice["ending_balance"] or 0) - invoice["starting_balance"]
    customer = session.find(invoice["customer"])
    if taken and customer is not None:
        kind = "unapplied_from_invoice"
        move(session, customer, -taken, kind, invoice["currency"], invoice["id"])


def create(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/customers/{id}/balance_transactions."""
    customer = session.load("customer", identity)
    for name in ("amount", "currency"):
        if name not in params:
            raise required(name)
    amount, currency = as_int(params["amount"], "amount"), str(params["currency"]).lower()
    if customer["currency"] not in (None, currency):
        raise invalid(
            f"The customer's currency is {customer['currency']}, not {currency}.", "currency"
        )
    value = move(
        session, customer, amount, "adjustment", currency, description=params.get("description")
    )
    value["metadata"] = metadata({}, params)
    session.remember("credit", customer=identity, amount=amount, currency=currency)
    return session.save(value)


def update(session: Session, params: Fields, identity: str, transaction: str) -> Fields:
    """POST /v1/customers/{id}/balance_transactions/{id}: its words only."""
    value = session.load("customer_balance_transaction", transaction)
    if value["customer"] != identity:
        raise invalid("The transaction is another customer's.", "customer", "resource_missing")
    value["metadata"] = metadata(value, params)
    if "description" in params:
        value["description"] = params["description"] or None
    return session.save(value)


ROUTES = [("POST", PATH, create), ("POST", f"{PATH}/{{id}}", update)]
