"""How is money given back through the API? Refunds, whole or in parts, never beyond the charge."""

from __future__ import annotations

import json
from typing import Any

from sandbox.stripe import shapes_money
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.forms import as_int
from sandbox.stripe.operations.charging import add_entry
from sandbox.stripe.operations.session import Fields, Session, metadata
from sandbox.stripe.template import quoted


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/refunds."""
    charge = _refundable(session, params)
    left = charge["amount"] - charge["amount_refunded"]
    amount = as_int(params.get("amount", left), "amount")
    if left == 0:
        raise StripeError(
            400,
            "invalid_request_error",
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
        )
    if not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid(message, "amount")
    identity = session.new_id("re")
    entry = add_entry(
        session,
        "refund",
        "refund",
        -amount,
        0,
        charge["currency"],
        identity,
        f"REFUND FOR CHARGE ({charge['id']})",
    )
    value: Fields = json.loads(shapes_money.REFUND({
        "id": identity, "amount": amount, "entry": quoted(entry.id), "charge": charge["id"],
        "created": session.now, "currency": charge["currency"],
        "intent": quoted(charge["payment_intent"]), "method": quoted(charge["payment_method"]),
        "reason": quoted(params.get("reason")), "status": "succeeded",
    }))  # fmt: skip
    value["metadata"] = metadata({}, params)
    session.save(value)
    charge |= {"amount_refunded": charge["amount_refunded"] + amount, "refunded": amount == left}
    session.save(charge)
    session.emit("refund.created", value)
    session.emit("charge.refunded", charge)
    session.remember(
        "refund", refund=identity, charge=charge["id"], amount=amount, currency=charge["currency"]
    )
    return value


def _refundable(session: Session, params: Fields) -> Fields:
    identity: Any = params.get("charge")
    if "payment_intent" in params:
        identity = session.load("payment_intent", params["payment_intent"], "payment_intent")[
            "latest_charge"
        ]
    if identity is None:
        raise required("charge")
    charge = session.load("charge", identity, "charge")
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} cannot be refunded: it did not succeed.", "charge")
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise StripeError(400, "invalid_request_error", message, code="charge_disputed")
    return charge


ROUTES = [
    ("POST", "/v1/refunds", create),
]
