"""What can be done with payment intents and setup intents? Create, update, confirm, cancel."""

from __future__ import annotations

import json

from sandbox.stripe import shapes
from sandbox.stripe import shapes_money as money
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.forms import as_bool, as_int
from sandbox.stripe.operations.charging import attempt, refuse
from sandbox.stripe.operations.payment_methods import attach_to, card_error, card_of, resolve
from sandbox.stripe.operations.session import Fields, Session, metadata

_PAYABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def make_intent(
    session: Session, amount: int, currency: str, customer: str | None, description: str | None
) -> Fields:
    """A payment intent that waits for a method; not saved yet."""
    identity = session.new_id("pi")
    value: Fields = json.loads(money.PAYMENT_INTENT({
        "id": identity, "amount": amount, "received": 0, "canceled_at": "null",
        "cancellation_reason": "null", "secret": f"{identity}_secret_live",
        "created": session.now, "currency": currency, "customer": "", "description": "",
        "error": "null", "charge": "null", "next_action": "null",
        "method": "null", "status": "requires_payment_method",
    }))  # fmt: skip
    value |= {"customer": customer, "description": description, "setup_future_usage": None}
    return value


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/payment_intents."""
    for name in ("amount", "currency"):
        if name not in params:
            raise required(name)
    amount = as_int(params["amount"], "amount")
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer"
        )
    currency = str(params["currency"]).lower()
    if len(currency) != 3 or not currency.isalpha():
        raise invalid(f"Invalid currency: {currency}", "currency")
    customer = (
        session.load("customer", params["customer"], "customer")["id"]
        if "customer" in params
        else None
    )
    intent = make_intent(session, amount, currency, customer, params.get("description"))
    intent["metadata"] = metadata(intent, params)
    if "payment_method" in params:
        method = resolve(session, params["payment_method"], "payment_method")
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
    session.save(intent)
    session.emit("payment_intent.created", intent)
    if as_bool(params.get("confirm", "false"), "confirm"):
        return _confirm(session, intent, params)
    return intent


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_intents/{id}."""
    intent = session.load("payment_intent", identity)
    changes: Fields = {"metadata": metadata(intent, params)}
    if "amount" in params:
        changes["amount"] = as_int(params["amount"], "amount")
    if "description" in params:
        changes["description"] = params["description"]
    if "payment_method" in params:
        changes |= {
            "payment_method": resolve(session, params["payment_method"], "payment_method")["id"],
            "status": "requires_confirmation",
        }
    intent.update(changes)
    return session.save(intent)


def confirm(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_intents/{id}/confirm."""
    return _confirm(session, session.load("payment_intent", identity), params)


def _confirm(session: Session, intent: Fields, params: Fields) -> Fields:
    if intent["status"] not in _PAYABLE:
        raise StripeError(
            400, "invalid_request_error",
            f"You cannot confirm this PaymentIntent because it has already "
            f"{intent['status']} after being previously confirmed.",
            code="payment_intent_unexpected_state", payment_intent=intent,
        )  # fmt: skip
    wanted = params.get("payment_method") or intent["payment_method"]
    if wanted is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise StripeError(
            400,
            "invalid_request_error",
            message,
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    method = resolve(session, wanted, "payment_method")
    off_session = as_bool(params.get("off_session", "false"), "off_session")
    charge = attempt(session, intent, method, off_session)
    if charge["status"] == "failed":
        raise refuse(charge, intent)
    return intent


def cancel(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_intents/{id}/cancel."""
    intent = session.load("payment_intent", identity)
    if intent["status"] not in _PAYABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        )
        raise StripeError(
            400,
            "invalid_request_error",
            message,
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    intent |= {
        "status": "canceled",
        "canceled_at": session.now,
        "cancellation_reason": params.get("cancellation_reason"),
    }
    session.save(intent)
    session.emit("payment_intent.canceled", intent)
    return intent


def create_setup(session: Session, params: Fields) -> Fields:
    """POST /v1/setup_intents."""
    identity = session.new_id("seti")
    setup: Fields = json.loads(shapes.SETUP_INTENT({
        "id": identity, "secret": f"{identity}_secret_live", "created": session.now,
        "customer": "null", "attempt": "null", "mandate": "null",
        "method": "null", "kind": "card", "status": "requires_payment_method",
    }))  # fmt: skip
    if "customer" in params:
        setup["customer"] = session.load("customer", params["customer"], "customer")["id"]
    setup |= {"metadata": metadata(setup, params), "usage": params.get("usage", "off_session")}
    if "payment_method" in params:
        method = resolve(session, params["payment_method"], "payment_method")
        setup |= {"payment_method": method["id"], "status": "requires_confirmation"}
    session.save(setup)
    session.emit("setup_intent.created", setup)
    if as_bool(params.get("confirm", "false"), "confirm"):
        return _confirm_setup(session, setup, params)
    return setup


def confirm_setup(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/setup_intents/{id}/confirm."""
    return _confirm_setup(session, session.load("setup_intent", identity), params)


def _confirm_setup(session: Session, setup: Fields, params: Fields) -> Fields:
    if setup["status"] not in _PAYABLE:
        message = "You cannot confirm this SetupIntent because it has already succeeded."
        raise StripeError(
            400,
            "invalid_request_error",
            message,
            code="setup_intent_unexpected_state",
            setup_intent=setup,
        )
    wanted = params.get("payment_method") or setup["payment_method"]
    if wanted is None:
        raise StripeError(400, "invalid_request_error",
        "You cannot confirm this SetupIntent because it's missing a payment method.",
                          code="setup_intent_unexpected_state", setup_intent=setup)  # fmt: skip
    method = resolve(session, wanted, "payment_method")
    card = card_of(session, method)
    if card is not None and card.authentication and setup["status"] != "requires_action":
        setup |= {
            "status": "requires_action",
            "payment_method": method["id"],
            "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
        }
        session.save(setup)
        session.emit("setup_intent.requires_action", setup)
        return setup
    if card is not None and card.decline and not card.attachable:
        error = card_error(card.decline, setup_intent=dict(setup))
        setup |= {
            "status": "requires_payment_method",
            "last_setup_error": {**error.fields, "payment_method": method, "setup_intent": None},
        }
        session.save(setup)
        session.emit("setup_intent.setup_failed", setup)
        raise error
    if setup["customer"] is not None:
        attach_to(session, method, session.load("customer", setup["customer"], "customer"))
    tried: Fields = json.loads(shapes.SETUP_ATTEMPT({
        "id": session.new_id("setatt"), "created": session.now, "customer": setup["customer"] or "",
        "method": method["id"],
        "kind": method["type"], "intent": setup["id"],
    }))  # fmt: skip
    session.save(tried)
    setup |= {
        "status": "succeeded",
        "payment_method": method["id"],
        "next_action": None,
        "last_setup_error": None,
        "latest_attempt": tried["id"],
    }
    session.save(setup)
    session.emit("setup_intent.succeeded", setup)
    return setup


def cancel_setup(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/setup_intents/{id}/cancel."""
    setup = session.load("setup_intent", identity)
    if setup["status"] not in _PAYABLE:
        raise invalid("You cannot cancel this SetupIntent.", code="setup_intent_unexpected_state")
    setup |= {"status": "canceled", "cancellation_reason": params.get("cancellation_reason")}
    session.save(setup)
    session.emit("setup_intent.canceled", setup)
    return setup


ROUTES = [
    ("POST", "/v1/payment_intents", create),
    ("POST", "/v1/payment_intents/{id}", update),
    ("POST", "/v1/payment_intents/{id}/confirm", confirm),
    ("POST", "/v1/payment_intents/{id}/cancel", cancel),
    ("POST", "/v1/setup_intents", create_setup),
    ("POST", "/v1/setup_intents/{id}/confirm", confirm_setup),
    ("POST", "/v1/setup_intents/{id}/cancel", cancel_setup),
]
