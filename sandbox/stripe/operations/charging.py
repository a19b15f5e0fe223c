"""What happens when money is asked for?

One attempt on one payment intent: charge, balance movement, events.
"""

from __future__ import annotations

import hashlib
import json

from sandbox.company.catalog import (
    DAY,
    DISPUTE_FEES,
    SETTLEMENT,
    convert,
    exchange_rate_micro,
    processing_fee,
    wire_rate,
)
from sandbox.company.facts import Entry
from sandbox.company.payments import DECLINES as COMPANY_DECLINES
from sandbox.company.treasury import slot_of
from sandbox.stripe import shapes_money as shapes
from sandbox.stripe.decline_codes import decline as spoken
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.operations.payment_methods import card_error, card_of
from sandbox.stripe.operations.session import Fields, Session
from sandbox.stripe.render_payments import receipt_url, render_entry
from sandbox.stripe.store import Store
from sandbox.stripe.template import boolean, number, quoted


def decide(session: Session, intent: Fields, method: Fields, off_session: bool) -> str | None:
    """The decline code that an attempt will get, None where it succeeds."""
    scripted = script_of(session.store, method["id"])
    if scripted:
        session.store.set_meta(f"script:{method['id']}", json.dumps(scripted[1:]))
        return scripted[0]
    card = card_of(session, method)
    if card is not None:
        if card.authentication:
            return "authentication_required" if off_session else None
        return card.decline
    if method["type"] == "sepa_debit":
        return None
    # The demo company's own cards: what they did last, they do again, unless the code heals
    # with time.
    earlier = [
        charge
        for charge in session.children("charge", intent["id"])
        if charge["payment_method"] == method["id"]
    ]
    code = next(
        (charge["outcome"]["reason"] for charge in earlier if charge["status"] == "failed"), None
    )
    if code is None:
        return None
    if code == "authentication_required":
        return code if off_session else None
    chance = COMPANY_DECLINES.get(code, (0, 0.0))[1]
    drawn = int.from_bytes(
        hashlib.blake2b(f"{method['id']}/{len(earlier)}".encode(), digest_size=4).digest(), "big"
    )
    return None if drawn < chance * 2**32 else code


def script_of(store: Store, method: str) -> list[str | None]:
    """What a method's next attempts will get, where a test has said so; None is success."""
    kept: list[str | None] = json.loads(store.meta(f"script:{method}") or "[]")
    return kept


def add_entry(
    session: Session,
    kind: str,
    category: str,
    amount: int,
    fee: int,
    currency: str,
    source: str,
    text: str,
) -> Entry:
    """Book a live movement of the balance; `amount` is signed, in the presentment currency."""
    if currency not in SETTLEMENT:
        raise invalid(
            f"Invalid currency: {currency}. This account settles {', '.join(sorted(SETTLEMENT))}.",
            "currency",
        )
    rate = exchange_rate_micro(currency, session.now)
    settled = convert(amount, currency, rate)
    entry = Entry(
        id=session.new_id("txn"),
        created=session.now,
        available_on=(session.now // DAY + (2 if amount > 0 else 0)) * DAY,
        type=kind,
        category=category,
        amount=settled,
        fee=fee if fee >= 0 else processing_fee(settled, currency, "card"),
        currency=SETTLEMENT[currency],
        source=source,
        description=text,
        exchange_rate=wire_rate(currency, rate),
    )
    slot = f"{entry.currency}:{slot_of(entry):06d}"
    session.store.put(
        (
            "balance_transaction",
            entry.id,
            entry.created,
            slot,
            source,
            kind,
            render_entry(entry, session.now),
        )
    )
    session.remember(
        "entry",
        id=entry.id,
        currency=entry.currency,
        type=kind,
        amount=entry.amount,
        fee=entry.fee,
        net=entry.net,
    )
    return entry


def attempt(session: Session, intent: Fields, method: Fields, off_session: bool) -> Fields:
    """Try to collect an intent now; the intent and a charge are saved, events told.

    Returns:
        The charge, `succeeded` or `failed`; an intent that asks for authentication has no
        charge and raises.
    """
    code = decide(session, intent, method, off_session)
    debit = method["type"] == "sepa_debit"
    card = card_of(session, method)
    if (
        card is not None
        and card.authentication
        and not off_session
        and intent["status"] != "requires_action"
    ):
        intent |= {
            "next_action": {"type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": ""}},
            "payment_method": method["id"], "status": "requires_action",
        }  # fmt: skip
        session.save(intent)
        session.emit("payment_intent.requires_action", intent)
        return {"status": "requires_action"}
    charge = _charge(session, intent, method, code)
    entry = None
    if code is None:
        kind = "payment" if debit else "charge"
        entry = add_entry(
            session,
            kind,
            "charge",
            intent["amount"],
            -1,
            intent["currency"],
            charge["id"],
            intent["description"] or "Payment",
        )
        charge["balance_transaction"] = entry.id
    session.save(charge)
    if code is None:
        intent |= {
            "amount_received": intent["amount"], "last_payment_error": None,
            "latest_charge": charge["id"], "next_action": None,
            "payment_method": method["id"], "status": "succeeded",
        }  # fmt: skip
        session.save(intent)
        session.emit("charge.succeeded", charge)
        session.emit("payment_intent.succeeded", intent)
        session.remember(
            "payment",
            intent=intent["id"],
            charge=charge["id"],
            amount=intent["amount"],
            currency=intent["currency"],
        )
        if card is not None and card.disputed:
            _dispute(session, charge)
        return charge
    said = card_error(code, charge=charge["id"]).fields
    intent |= {
        "last_payment_error": said | {"payment_method": method}, "latest_charge": charge["id"],
        "next_action": None, "payment_method": None,
        "status": "requires_payment_method",
    }  # fmt: skip
    session.save(intent)
    session.emit("charge.failed", charge)
    session.emit("payment_intent.payment_failed", intent)
    session.remember(
        "decline",
        intent=intent["id"],
        charge=charge["id"],
        code=code,
        amount=intent["amount"],
        currency=intent["currency"],
    )
    return charge


def refuse(charge: Fields, intent: Fields) -> StripeError:
    """The 402 for a failed charge."""
    return card_error(
        charge["outcome"]["reason"],
        charge=charge["id"],
        payment_intent=intent,
        payment_method=intent["last_payment_error"]["payment_method"],
    )


def _charge(session: Session, intent: Fields, method: Fields, code: str | None) -> Fields:
    said = spoken(code or "")
    card = method.get("card") or method.get("sepa_debit") or {}
    identity = session.new_id("py" if method["type"] == "sepa_debit" else "ch")
    common = {
        "country": card.get("country"),
        "fingerprint": card.get("fingerprint"),
        "last4": card.get("last4"),
        "amount": intent["amount"],
    }
    if method["type"] == "sepa_debit":
        details = shapes.DEBIT_DETAILS(common | {"mandate": "mandate" + method["id"][2:]})
    else:
        details = shapes.CARD_DETAILS(
            common
            | {
                "brand": card["brand"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "funding": card["funding"],
                "network_id": identity[-15:],
            }
        )
    outcome = shapes.OUTCOME({
        "advice": quoted(code and said.advice),
        "network_advice": quoted("03" if code and said.advice == "do_not_try_again" else None),
        "network_code": quoted(code and said.network_code),
        "network_status": said.network_status if code else "approved_by_network",
        "reason": quoted(code), "risk": 20, "type": "issuer_declined" if code else "authorized",
        "seller_message": "The bank did not return any further details with this "
        "decline." if code else "Payment complete.",
    })  # fmt: skip
    text = shapes.CHARGE({
        "id": identity, "amount": intent["amount"],
        "captured_amount": 0 if code else intent["amount"], "refunded_amount": 0, "entry": "null",
        "country": card.get("country") or "", "email": "", "name": "",
        "captured": boolean(code is None), "created": session.now,
        "currency": intent["currency"], "customer": intent["customer"] or "", "description": "",
        "disputed": "false", "failure_entry": "null",
        "failure_code": quoted(code and said.code),
        "failure_message": quoted(code and said.message), "outcome": outcome,
        "paid": boolean(code is None), "intent": intent["id"], "method": method["id"],
        "details": details,
        "receipt_url": quoted(None if code else receipt_url(identity)),
        "refunded": "false",
        "status": "failed" if code else "succeeded",
    })  # fmt: skip
    value: Fields = json.loads(text)
    value |= {
        "customer": intent["customer"],
        "description": intent["description"],
        "metadata": intent["metadata"],
    }
    value["billing_details"] = method["billing_details"]
    return value


def _dispute(session: Session, charge: Fields) -> None:
    settlement = SETTLEMENT[charge["currency"]]
    text = f"Chargeback withdrawal for {charge['id']}"
    entry = add_entry(
        session,
        "adjustment",
        "dispute",
        -charge["amount"],
        DISPUTE_FEES[settlement],
        charge["currency"],
        charge["id"],
        text,
    )
    body = shapes.DISPUTE({
        "id": session.new_id("dp"), "amount": charge["amount"],
        "entries": f"[{render_entry(entry, session.now)}]", "charge": charge["id"],
        "created": session.now, "currency": charge["currency"],
        "due_by": number((session.now // DAY + 9) * DAY - 1), "has_evidence": "false",
        "submissions": 0, "intent": charge["payment_intent"],
        "brand": charge["payment_method_details"]["card"]["brand"], "reason": "fraudulent",
        "status": "needs_response",
    })  # fmt: skip
    dispute: Fields = json.loads(body)
    session.save(dispute)
    session.emit("charge.dispute.created", dispute)
    session.emit("charge.dispute.funds_withdrawn", dispute)
    session.change(charge, {"disputed": True}, "charge.updated")
