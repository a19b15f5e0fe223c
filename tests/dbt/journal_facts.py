"""Which facts are split, dated otherwise than they began, delivered again, or of an older Stripe?

In a workspace of their own: the first land before the marts are first built, the last after it.
"""

import json
from typing import Any

from tests.dbt.ledger_facts import DAY, NEW_YEAR, SEEN, link, movement, paid_invoice
from tests.dbt.ledger_facts import charge as _charge

WORKSPACE = "ws_journals"
Fact = tuple[str, dict[str, Any], int]


def _charged(name: str, amount: int, day: int, **fields: Any) -> dict[str, Any]:
    return _charge(name, amount) | {"created": NEW_YEAR + day * DAY, **fields}


def _line(name: str, source: str, amount: int, day: float, kind: str = "charge") -> dict[str, Any]:
    body = movement(f"txn_{name}", kind, amount, 0, 0)
    at = NEW_YEAR + int(day * DAY)
    return body | {"source": source, "created": at, "available_on": at}


def _refund(name: str, amount: int, day: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"re_{name}", "charge": f"ch_{name}", "amount": amount, "currency": "eur",
        "status": "succeeded", "created": NEW_YEAR + day * DAY,
        "balance_transaction": f"txn_{name}", **fields,
    }  # fmt: skip


def _note(name: str, amount: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"cn_{name}", "amount": amount, "total": amount, "total_excluding_tax": amount,
        "subtotal": amount, "currency": "eur", "customer": f"cus_{name}", "invoice": "in_x",
        "created": NEW_YEAR + 6 * DAY, "status": "issued", "type": "post_payment",
        "pre_payment_amount": 0, "post_payment_amount": amount, "out_of_band_amount": None,
        "customer_balance_transaction": f"cbtxn_{name}", "refunds": [], **fields,
    }  # fmt: skip


def _credit(name: str, amount: int) -> dict[str, Any]:
    return {
        "id": f"cbtxn_{name}", "type": "credit_note", "credit_note": f"cn_{name}",
        "amount": amount, "ending_balance": amount, "currency": "eur", "customer": f"cus_{name}",
        "created": NEW_YEAR + 6 * DAY,
    }  # fmt: skip


def _given_up(name: str, amount: int, paid: int = 0, **moments: int) -> dict[str, Any]:
    """Billed at the new year and written off on 21 January."""
    days = {"finalized_at": 0, "marked_uncollectible_at": 20, **moments}
    status = "paid" if "paid_at" in days else "void" if "voided_at" in days else "uncollectible"
    return paid_invoice(
        f"in_{name}", amount, status=status, amount_paid=paid, amount_remaining=amount - paid,
        status_transitions={moment: NEW_YEAR + day * DAY for moment, day in days.items()},
    )  # fmt: skip


def _paid_by(invoice: str, name: str, amount: int, day: int) -> dict[str, Any]:
    return link(f"in_{invoice}", {"payment_intent": f"pi_{name}"}, amount_paid=amount) | {
        "id": f"inpay_{name}",
        "status_transitions": {"paid_at": NEW_YEAR + day * DAY},
    }


_GUEST = _charged("guest", 7000, 1, customer=None)
_PENDING = _GUEST | {"status": "pending", "captured": False, "amount_captured": 0}
_WAITING = _refund("waiting", 1000, 9, status="pending", balance_transaction=None)
_RELEASED = {"captured": False, "amount_captured": 0, "amount_refunded": 5000, "refunded": True}
_OLD_NOTE = _note("old", 10000, refund="re_old")
del _OLD_NOTE["refunds"]
_HELD = {"balance_transaction": "txn_held"}
_KIND = _line("kind", "x", -300, 3, "other_adjustment")

FIRST: list[Fact] = [
    # A guest's charge is under way, then collected; later they are named.
    ("charge", _PENDING, SEEN),
    ("charge", _GUEST | {"customer": "cus_named"}, SEEN + 2),
    # An invoice from before there were payment intents is paid by a charge.
    ("invoice", paid_invoice("in_bare", 10000), SEEN),
    ("charge", _charged("bare", 10000, 5, payment_intent=None), SEEN),
    ("invoice_payment",
     link("in_bare", {"type": "charge", "charge": "ch_bare"}, amount_paid=10000), SEEN),
    # An authorization expires: nothing moves. Another refund waits until the balance suffices.
    ("charge", _charged("expired", 5000, 1, **_RELEASED), SEEN),
    ("refund", _refund("expired", 5000, 8, balance_transaction=None,
                       reason="expired_uncaptured_charge"), SEEN),
    ("refund", _WAITING, SEEN),
    # 30.00 to the balance and 70.00 by a refund; the same outside of Stripe, and as it was told
    # before 2025; a note of 40.00 that a refund of 100.00 settles among other things.
    ("credit_note", _note("split", 10000,
                          refunds=[{"refund": "re_split", "amount_refunded": 7000}]),
     SEEN),
    ("refund", _refund("split", 7000, 6), SEEN),
    ("credit_note", _note("outside", 10000, out_of_band_amount=7000), SEEN),
    ("customer_balance_transaction", _credit("outside", -3000), SEEN),
    ("credit_note", _OLD_NOTE, SEEN),
    ("refund", _refund("old", 7000, 6), SEEN),
    ("credit_note", _note("linked", 4000, customer_balance_transaction=None,
                          refunds=[{"refund": "re_linked", "amount_refunded": 4000}]), SEEN),
    ("refund", _refund("linked", 10000, 6), SEEN),
    # Given up on 21 January, one of them after 20.00 of 60.00 were paid.
    ("invoice", _given_up("late", 6000, paid=2000), SEEN),
    ("invoice_payment", _paid_by("late", "early", 2000, 5), SEEN),
    ("charge", _charged("early", 2000, 5), SEEN),
    ("invoice", _given_up("cash", 6000), SEEN),
    ("invoice", _given_up("dropped", 3000), SEEN),
    # Authorized on 31 January, captured on 3 February; of one Stripe's line comes later.
    ("charge", _charged("held", 9000, 30, **_HELD), SEEN),
    ("balance_transaction", _line("held", "ch_held", 9000, 33), SEEN),
    ("charge", _charged("unbooked", 8000, 30, balance_transaction="txn_unbooked"), SEEN),
    # On the day of the charge, a second later.
    ("charge", _charged("plain", 4000, 30, balance_transaction="txn_plain"), SEEN),
    ("balance_transaction", _KIND, SEEN),
    *(("balance_transaction", _line(name, f"ch_{name}", amount, day), SEEN)
      for name, amount, day in (("guest", 7000, 1), ("bare", 10000, 5), ("early", 2000, 5))),
    *(("balance_transaction", _line(name, f"re_{name}", -amount, 6, "refund"), SEEN)
      for name, amount in (("split", 7000), ("old", 7000), ("linked", 10000))),
]  # fmt: skip
LAST: list[Fact] = [
    ("charge", _PENDING, SEEN),
    ("refund", _WAITING | {"status": "succeeded", "balance_transaction": "txn_waiting"}, SEEN + 1),
    ("balance_transaction", _line("waiting", "re_waiting", -1000, 20, "refund"), SEEN),
    ("customer_balance_transaction", _credit("split", -3000), SEEN),
    ("customer_balance_transaction", _credit("old", -3000), SEEN),
    ("invoice", _given_up("late", 6000, paid=6000, paid_at=70), SEEN + 1),
    ("invoice_payment", _paid_by("late", "rest", 4000, 70), SEEN),
    ("charge", _charged("rest", 4000, 70), SEEN),
    ("balance_transaction", _line("rest", "ch_rest", 4000, 70), SEEN),
    ("invoice", _given_up("cash", 6000, paid=6000, paid_at=70), SEEN + 1),
    ("invoice", _given_up("dropped", 3000, voided_at=25), SEEN + 1),
    ("balance_transaction", _line("unbooked", "ch_unbooked", 8000, 33), SEEN),
    ("balance_transaction", _line("plain", "ch_plain", 4000, 30.5), SEEN),
    ("balance_transaction", _KIND | {"reporting_category": "fee"}, SEEN + 1),
]


def rows(facts: list[Fact]) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Return (raw table, rows) of the facts."""
    return [
        (f"stripe_{name}", [(body["id"], version, json.dumps(body))])
        for name, body, version in facts
    ]
