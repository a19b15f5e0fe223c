"""What can be done with payment methods?

Create, attach, detach, update; test cards come to be when first used.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.stripe.cards import BY_NUMBER, TestCard, card_named
from sandbox.stripe.decline_codes import decline
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.forms import as_int
from sandbox.stripe.operations.session import Fields, Session, metadata

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def card_error(code: str, **fields: Any) -> StripeError:
    """The 402 of a declined card."""
    said = decline(code)
    extra = {
        "code": said.code,
        "decline_code": code,
        "advice_code": said.advice,
        "network_decline_code": said.network_code,
    }
    return StripeError(402, "card_error", said.message, **{**extra, **fields})


def make_card(session: Session, card: TestCard, billing: Fields, year: int, month: int) -> Fields:
    """A card method that is nobody's yet."""
    fingerprint = hashlib.blake2b(card.number.encode(), digest_size=8).hexdigest()
    value = {
        "id": session.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": {"address": dict(_NO_ADDRESS), "email": None, "name": None,
        "phone": None, "tax_id": None} | billing,
        "card": {
            "brand": card.brand, "checks": {"address_line1_check": None,
            "address_postal_code_check": None, "cvc_check": "pass"},
            "country": card.country, "display_brand": card.brand, "exp_month": month,
            "exp_year": year, "fingerprint": fingerprint,
            "funding": card.funding, "generated_from": None, "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True}, "wallet": None,
        },
        "created": session.now, "customer": None, "customer_account": None, "livemode": False,
        "metadata": {}, "type": "card",
    }  # fmt: skip
    session.store.set_meta(f"card:{value['id']}", card.number)
    return session.save(value)


def card_of(session: Session, method: Fields) -> TestCard | None:
    """The test card behind a method, None for the demo company's own methods."""
    number = session.store.meta(f"card:{method['id']}")
    return BY_NUMBER.get(number) if number else None


def resolve(session: Session, identity: Any, param: str) -> Fields:
    """A method by id, or a fresh one for a test card's name."""
    card = card_named(str(identity))
    if card is not None:
        return make_card(session, card, {}, 2034, 12)
    return session.load("payment_method", identity, param)


def create(session: Session, params: Fields) -> Fields:
    """POST /v1/payment_methods."""
    kind = params.get("type")
    if kind is None:
        raise required("type")
    if kind == "sepa_debit":
        return _create_debit(session, params)
    if kind != "card":
        raise invalid(f"Invalid type: {kind}", "type")
    given = params.get("card")
    if not isinstance(given, dict):
        raise required("card")
    if "token" in given:
        card = card_named(str(given["token"]))
        if card is None:
            raise StripeError(
                400,
                "invalid_request_error",
                f"No such token: '{given['token']}'",
                code="resource_missing",
                param="card[token]",
            )
        return make_card(session, card, _billing(params), 2034, 12)
    number = str(given.get("number", "")).replace(" ", "")
    if number not in BY_NUMBER:
        raise card_error("incorrect_number", param="number")
    month, year = (
        as_int(given.get("exp_month"), "card[exp_month]"),
        as_int(given.get("exp_year"), "card[exp_year]"),
    )
    return make_card(session, BY_NUMBER[number], _billing(params), year, month)


def _billing(params: Fields) -> Fields:
    given = params.get("billing_details")
    return (
        {name: given[name] for name in ("email", "name", "phone") if name in given}
        if isinstance(given, dict)
        else {}
    )


def _create_debit(session: Session, params: Fields) -> Fields:
    iban = str((params.get("sepa_debit") or {}).get("iban", ""))
    if len(iban) < 15:
        raise invalid("The IBAN you entered is invalid.", "sepa_debit[iban]", "invalid_iban")
    value = {
        "id": session.new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": {"address": dict(_NO_ADDRESS), "email": None, "name": None,
        "phone": None, "tax_id": None} | _billing(params),
        "created": session.now, "customer": None, "customer_account": None, "livemode": False,
        "metadata": {},
        "sepa_debit": {
            "bank_code": iban[4:12], "branch_code": "", "country": iban[:2],
            "fingerprint": hashlib.blake2b(iban.encode(), digest_size=8).hexdigest(),
            "generated_from": {"charge": None, "setup_attempt": None}, "last4": iban[-4:],
        },
        "type": "sepa_debit",
    }  # fmt: skip
    return session.save(value)


def attach(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_methods/{id}/attach."""
    if "customer" not in params:
        raise required("customer")
    method = resolve(session, identity, "payment_method")
    return attach_to(session, method, session.load("customer", params["customer"], "customer"))


def attach_to(session: Session, method: Fields, customer: Fields) -> Fields:
    """Make a method a customer's; cards that only simulate declines refuse."""
    if method["customer"] is not None and method["customer"] != customer["id"]:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            "payment_method",
        )
    card = card_of(session, method)
    if card is not None and card.decline and not card.attachable:
        raise card_error(card.decline, payment_method=method)
    if method["customer"] is None:
        method["customer"] = customer["id"]
        session.save(method)
        session.emit("payment_method.attached", method)
    return method


def detach(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_methods/{id}/detach."""
    method = session.load("payment_method", identity)
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            "payment_method",
        )
    owner = session.find(method["customer"])
    previous = {"customer": method["customer"]}
    method["customer"] = None
    session.save(method)
    session.emit("payment_method.detached", method, previous)
    if owner is not None and owner["invoice_settings"]["default_payment_method"] == method["id"]:
        session.change(
            owner,
            {"invoice_settings": {**owner["invoice_settings"], "default_payment_method": None}},
            "customer.updated",
        )
    return method


def update(session: Session, params: Fields, identity: str) -> Fields:
    """POST /v1/payment_methods/{id}."""
    method = session.load("payment_method", identity)
    changes: Fields = {"metadata": metadata(method, params)}
    card = params.get("card")
    if isinstance(card, dict):
        shown = {
            name: as_int(card[name], f"card[{name}]")
            for name in ("exp_month", "exp_year")
            if name in card
        }
        changes["card"] = {**method["card"], **shown}
    if "billing_details" in params:
        changes["billing_details"] = {**method["billing_details"], **_billing(params)}
    return session.change(method, changes, "payment_method.updated")


ROUTES = [
    ("POST", "/v1/payment_methods", create),
    ("POST", "/v1/payment_methods/{id}/attach", attach),
    ("POST", "/v1/payment_methods/{id}/detach", detach),
    ("POST", "/v1/payment_methods/{id}", update),
]
