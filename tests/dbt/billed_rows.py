"""What do invoices come to that were discounted by the line, paid in part, given up or voided?

And what of a balance that pays out, takes back and is charged? Each in a workspace of its own; the
company's fixture lands `FIRST` before the marts are first built and `LAST` after, so that what an
incremental run makes of them is held to figures that were computed by hand (test_billed.py).
"""

import json
from typing import Any

from tests.dbt.ledger_facts import DAY, METERED, NEW_YEAR, SEEN, charge, link, movement

TAXED, PARTLY, BALANCE, VOIDED = "ws_taxed", "ws_partly", "ws_balance", "ws_voided"
FEBRUARY, MARCH = NEW_YEAR + 31 * DAY, NEW_YEAR + 59 * DAY
Facts = list[tuple[str, str, dict[str, Any]]]


def line(identity: str, amount: int, discount: int = 0, **fields: Any) -> dict[str, Any]:
    """A line, earned at once unless its period is told."""
    return {
        "id": identity, "amount": amount, "currency": "eur", "quantity": 1,
        "discount_amounts": [{"amount": discount, "discount": "di_c"}] if discount else [],
        "period": {"start": NEW_YEAR, "end": NEW_YEAR},
        "parent": {"type": "invoice_item_details"}, **fields,
    }  # fmt: skip


def invoice(identity: str, total: int, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An invoice of the new year, open unless it is told otherwise."""
    return {
        "id": identity, "customer": "cus_c", "status": "open", "currency": "eur",
        "created": NEW_YEAR, "subtotal": total, "total": total, "total_taxes": [],
        "amount_due": total, "amount_paid": 0, "amount_remaining": total,
        "status_transitions": {"finalized_at": NEW_YEAR},
        "lines": {"has_more": False, "data": list(lines) or [line(f"il_{identity}", total)]},
        **fields,
    }  # fmt: skip


def closed(name: str, at: int) -> dict[str, dict[str, int]]:
    """The transitions of an invoice that was issued at the new year."""
    return {"status_transitions": {"finalized_at": NEW_YEAR, f"{name}_at": at}}


def paid(total: int, at: int = NEW_YEAR) -> dict[str, Any]:
    """What an invoice says once all of it is paid."""
    return {"status": "paid", "amount_paid": total, "amount_remaining": 0, **closed("paid", at)}


def tax(amount: int, behavior: str) -> dict[str, Any]:
    return {"amount": amount, "tax_behavior": behavior}


# Stripe's subtotal has the discounts of its lines taken off already.
_TAXED = [
    # 100.00 less 10.00, and 1,250 calls for 50.00 less 5.00; a fifth of tax is added to both.
    invoice(
        "in_item", 16_200,
        line("il_item", 10_000, 1_000, taxes=[tax(1_800, "exclusive")]),
        line("il_calls", 5_000, 500, taxes=[tax(900, "exclusive")], quantity=1250,
             pricing={"price_details": {"price": "price_m", "product": "prod_m"}},
             parent={"type": "subscription_item_details", "subscription_item_details": {
                 "subscription": "sub_c", "subscription_item": "si_c"}}),
        subtotal=13_500, total_taxes=[{"amount": 2_700}],
        total_discount_amounts=[{"amount": 1_500, "discount": "di_c"}], **paid(16_200),
    ),
    # 121.00 less 11.00; 10.00 of tax are in it, and 5.00 are added.
    invoice(
        "in_mixed", 11_500,
        line("il_mixed", 12_100, 1_100, taxes=[tax(1_000, "inclusive"), tax(500, "exclusive")]),
        subtotal=11_000, total_taxes=[{"amount": 1_500}],
        total_discount_amounts=[{"amount": 1_100, "discount": "di_c"}], **paid(11_500),
    ),
    # As it was written before 2025-03-31.basil: 12.00 less 1.20, a fifth of tax in it.
    invoice(
        "in_older", 1_080,
        line("il_older", 1_200, 120, tax_amounts=[{"amount": 180, "inclusive": True}]),
        subtotal=1_080, tax=180,
        total_discount_amounts=[{"amount": 120, "discount": "di_c"}], **paid(1_080),
    ),
    # Lines that do not say it: tax was added to 90.00, and is in 12.00.
    invoice(
        "in_silent", 10_800, line("il_silent", 10_000, 1_000, taxes=[{"amount": 1_800}]),
        subtotal=9_000, total_taxes=[{"amount": 1_800}],
        total_discount_amounts=[{"amount": 1_000, "discount": "di_c"}], **paid(10_800),
    ),
    invoice(
        "in_silent_within", 1_200, line("il_silent_within", 1_200, taxes=[{"amount": 200}]),
        total_taxes=[{"amount": 200}], **paid(1_200),
    ),
]  # fmt: skip


def _part(name: str, at: int) -> Facts:
    """30.00 by card, 1.00 of it a fee, and how much of it the invoice counts."""
    return [
        (PARTLY, "stripe_charge", charge(name, 3_000) | {"created": at}),
        (PARTLY, "stripe_invoice_payment",
         link(f"in_{name}", {"payment_intent": f"pi_{name}"}, amount_paid=3_000)),
        (PARTLY, "stripe_balance_transaction", _booked(f"txn_{name}", name, 3_000, 100, at)),
    ]  # fmt: skip


def _booked(
    identity: str, name: str, amount: int, fee: int, at: int, kind: str = "charge"
) -> dict[str, Any]:
    return movement(identity, kind, amount, fee, 0) | {"source": f"ch_{name}", "created": at}


def _debit(name: str, **fields: Any) -> Facts:
    """A bank debit of 20.00 that takes days, and that its invoice does not count meanwhile."""
    at = FEBRUARY + 2 * DAY
    pending = charge(name, 2_000) | {"created": at, "status": "pending", **fields}
    return [
        (PARTLY, "stripe_charge", pending | {"balance_transaction": f"txn_{name}"}),
        (PARTLY, "stripe_invoice_payment",
         link(f"in_{name}", {"payment_intent": f"pi_{name}"}, status="open")),
        (PARTLY, "stripe_balance_transaction", _booked(f"txn_{name}", name, 2_000, 35, at)),
    ]  # fmt: skip


_PART = {"amount_paid": 3_000, "amount_remaining": 7_000}
_PARTLY: Facts = [
    (PARTLY, "stripe_invoice", invoice("in_open", 10_000, **_PART)),
    *_part("open", NEW_YEAR + 4 * DAY),
    (PARTLY, "stripe_invoice", invoice("in_by_hand", 10_000, **_PART)),
    *_part("by_hand", FEBRUARY + 11 * DAY),
    (PARTLY, "stripe_invoice", invoice("in_given_up", 10_000)),
    (PARTLY, "stripe_invoice", invoice("in_debit", 2_000)),
    *_debit("debit"),
    (PARTLY, "stripe_invoice", invoice("in_bounced", 2_000)),
    *_debit("bounced"),
]
# What becomes of them: the rest is paid by hand, given up, or taken back by the bank.
_PARTLY_LATER: Facts = [
    (PARTLY, "stripe_invoice", invoice("in_by_hand", 10_000, **paid(10_000, MARCH))),
    (PARTLY, "stripe_invoice", invoice(
        "in_given_up", 10_000, status="uncollectible", **_PART,
        **closed("marked_uncollectible", MARCH))),
    *_part("given_up", FEBRUARY + 9 * DAY),
    (PARTLY, "stripe_charge", charge("bounced", 2_000) | {
        "created": FEBRUARY + 2 * DAY, "status": "failed", "amount_captured": 0,
        "failure_code": "debit_not_authorized", "balance_transaction": "txn_bounced",
        "failure_balance_transaction": "txn_back"}),
    (PARTLY, "stripe_balance_transaction",
     _booked("txn_back", "bounced", -2_000, 0, MARCH, "charge_failure")),
]  # fmt: skip

# Every kind of movement that Stripe tells of a balance, a day each: (kind, gross, fee).
MOVEMENTS = [
    ("charge", 50_000, 300), ("payout", -10_000, 0), ("payout_reversal", 10_000, 0),
    ("payout_minimum_balance_hold", -500, 0), ("payout_minimum_balance_release", 200, 0),
    ("topup", 5_000, 0), ("topup_reversal", -4_000, 0), ("transfer", -3_000, 0),
    ("transfer_reversal", 1_000, 0), ("fee", -150, 0), ("network_cost", -77, 0), ("tax", -11, 0),
    ("refund", -2_000, 0), ("refund_failure", 2_000, 0), ("partial_capture_reversal", -600, 0),
    ("platform_earning", 400, 0), ("platform_earning_refund", -100, 0), ("dispute", -900, 1_500),
    ("dispute_reversal", 900, 0), ("other_adjustment", -5, 0),
]  # fmt: skip
# In February 70.00 of 100.00 USD are captured, and a refund of 10.00 does not arrive; at 0.9 EUR.
_CONVERTED = [
    ("charge", 9_000, "ch_usd"), ("partial_capture_reversal", -2_700, "ch_usd"),
    ("refund", -900, "re_usd"), ("refund_failure", 900, "re_usd"),
]  # fmt: skip
_BALANCE: Facts = [
    *((BALANCE, "stripe_balance_transaction", movement(f"txn_{kind}", kind, gross, fee, day))
      for day, (kind, gross, fee) in enumerate(MOVEMENTS)),
    *((BALANCE, "stripe_balance_transaction", movement(f"txn_usd_{kind}", kind, gross, 0, 40)
       | {"source": source, "exchange_rate": 0.9}) for kind, gross, source in _CONVERTED),
    (BALANCE, "stripe_charge", charge("usd", 10_000) | {
        "currency": "usd", "amount_captured": 7_000, "created": NEW_YEAR + 40 * DAY,
        "balance_transaction": "txn_usd_charge"}),
    (BALANCE, "stripe_refund", {
        "id": "re_usd", "charge": "ch_usd", "payment_intent": "pi_usd", "amount": 1_000,
        "currency": "usd", "status": "failed", "created": NEW_YEAR + 40 * DAY,
        "balance_transaction": "txn_usd_refund",
        "failure_balance_transaction": "txn_usd_refund_failure"}),
]  # fmt: skip


def _void(name: str, **fields: Any) -> dict[str, Any]:
    """Issued at the new year for January and February: 59.00, and 11.00 of tax."""
    period = {"start": NEW_YEAR, "end": MARCH}
    return invoice(
        f"in_{name}", 7_000, line(f"il_{name}", 5_900, taxes=[tax(1_100, "exclusive")],
                                  period=period),
        subtotal=5_900, total_taxes=[{"amount": 1_100}], **fields,
    )  # fmt: skip


_GONE = {"status": "void", "amount_remaining": 0}
_VOIDED = [
    _void("void"), _void("at_once"), _void("lost"), _void("lost_and_void"), _void("credited"),
]  # fmt: skip
_VOIDED_LATER = [
    _void("void", **_GONE, **closed("voided", MARCH + 9 * DAY)),
    _void("at_once", **_GONE, **closed("voided", NEW_YEAR + 3 * DAY)),
    _void("lost", status="uncollectible", **closed("marked_uncollectible", MARCH + DAY)),
    _void("lost_and_void", **_GONE, **closed("voided", FEBRUARY + 3 * DAY)),
    _void("credited", amount_due=3_500, amount_remaining=3_500,
          pre_payment_credit_notes_amount=3_500),
]  # fmt: skip
_NOTE = {
    "id": "cn_c", "object": "credit_note", "invoice": "in_credited", "currency": "eur",
    "total": 3_500, "total_excluding_tax": 2_950, "amount": 3_500, "pre_payment_amount": 3_500,
    "post_payment_amount": 0, "created": FEBRUARY + 4 * DAY, "status": "issued",
}  # fmt: skip

FIRST: Facts = [
    (TAXED, "stripe_price", METERED),
    *((TAXED, "stripe_invoice", one) for one in _TAXED),
    *_PARTLY,
    *_BALANCE[::2],
    *((VOIDED, "stripe_invoice", one) for one in _VOIDED),
]
LAST: Facts = [
    *_PARTLY_LATER,
    *_BALANCE[1::2],
    *((VOIDED, "stripe_invoice", one) for one in _VOIDED_LATER),
    (VOIDED, "stripe_credit_note", _NOTE),
]


def rows(facts: Facts, version: int = SEEN) -> list[tuple[str, str, list[tuple[str, int, str]]]]:
    """Return (workspace, raw table, rows) of facts."""
    return [
        (workspace, table, [(fact["id"], version, json.dumps(fact))])
        for workspace, table, fact in facts
    ]
