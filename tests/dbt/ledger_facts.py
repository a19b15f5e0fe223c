"""Which facts does the ledger write that an accountant has written by hand beside them?

In a workspace of their own; the company's fixture lands them before the marts are first built.
"""

import json
from typing import Any

WORKSPACE = "ws_ledger"
NEW_YEAR = 1_767_225_600  # 2026-01-01 00:00 UTC
DAY = 86_400
SEEN = (NEW_YEAR + 200 * DAY) * 1_000_000

# A quarter of service, 120.00 and 24.00 of tax, billed at the new year.
INVOICE = {
    "id": "in_h", "customer": "cus_h", "status": "paid", "currency": "eur", "created": NEW_YEAR,
    "subtotal": 12000, "total": 14400, "total_taxes": [{"amount": 2400}], "amount_due": 14400,
    "amount_paid": 14400, "amount_remaining": 0,
    "status_transitions": {"finalized_at": NEW_YEAR, "paid_at": NEW_YEAR + 10},
    "lines": {"has_more": False, "data": [{
        "id": "il_h", "amount": 12000, "currency": "eur", "quantity": 1,
        "taxes": [{"amount": 2400}],
        "period": {"start": NEW_YEAR, "end": NEW_YEAR + 90 * DAY},
        "parent": {"type": "subscription_item_details"},
    }]},
}  # fmt: skip
CHARGE = {
    "id": "ch_h", "customer": "cus_h", "payment_intent": "pi_h", "amount": 14400,
    "amount_captured": 14400, "captured": True, "currency": "eur", "status": "succeeded",
    "created": NEW_YEAR + 10,
}  # fmt: skip
LINK = {
    "id": "inpay_h", "invoice": "in_h", "status": "paid", "amount_paid": 14400, "currency": "eur",
    "payment": {"payment_intent": "pi_h"},
}  # fmt: skip
REFUND = {
    "id": "re_h", "charge": "ch_h", "payment_intent": "pi_h", "amount": 2400, "currency": "eur",
    "status": "succeeded", "created": NEW_YEAR + 9 * DAY, "balance_transaction": "txn_h2",
}  # fmt: skip


def movement(identity: str, category: str, amount: int, fee: int, day: int) -> dict[str, Any]:
    return {
        "id": identity, "amount": amount, "fee": fee, "net": amount - fee, "currency": "eur",
        "reporting_category": category, "type": category, "created": NEW_YEAR + day * DAY,
        "available_on": NEW_YEAR + day * DAY, "status": "available", "source": "x",
    }  # fmt: skip


def paid_invoice(identity: str, amount: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": identity, "customer": "cus_h", "status": "paid", "currency": "eur",
        "created": NEW_YEAR, "subtotal": amount, "total": amount, "total_taxes": [],
        "amount_due": amount, "amount_paid": amount, "amount_remaining": 0,
        "status_transitions": {"finalized_at": NEW_YEAR, "paid_at": NEW_YEAR + 5 * DAY},
        "lines": {"has_more": False, "data": [{
            "id": f"il_{identity}", "amount": amount, "currency": "eur", "quantity": 1,
            "period": {"start": NEW_YEAR, "end": NEW_YEAR},
            "parent": {"type": "invoice_item_details"},
        }]}, **fields,
    }  # fmt: skip


def charge(name: str, amount: int) -> dict[str, Any]:
    return CHARGE | {
        "id": f"ch_{name}", "payment_intent": f"pi_{name}", "amount": amount,
        "amount_captured": amount, "created": NEW_YEAR + 5 * DAY,
    }  # fmt: skip


def link(invoice: str, payment: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {
        "id": f"inpay_{invoice}", "invoice": invoice, "status": "paid", "currency": "eur",
        "payment": payment, **fields,
    }  # fmt: skip


def credit(name: str, kind: str, amount: int, ending: int, day: int) -> dict[str, Any]:
    return {
        "id": f"cbtxn_{name}", "object": "customer_balance_transaction", "type": kind,
        "amount": amount, "ending_balance": ending, "currency": "eur", "customer": "cus_h",
        "invoice": None, "credit_note": None, "created": NEW_YEAR + day * DAY,
    }  # fmt: skip


# 50.00 were given by hand, 20.00 of it paid an invoice of 90.00, and 10.00 were taken back.
CREDITED = paid_invoice("in_credited", 9000, amount_due=7000, amount_paid=7000)
CREDITS = [
    credit("given", "adjustment", -5000, -5000, 1),
    credit("used", "applied_to_invoice", 2000, -3000, 2),
    credit("back", "adjustment", 1000, -2000, 3),
]  # fmt: skip

# 1,250 calls at 0.4 cents, counted by a meter.
METERED = {
    "id": "price_m", "object": "price", "currency": "eur", "type": "recurring",
    "billing_scheme": "per_unit", "unit_amount_decimal": "0.4",
    "recurring": {
        "interval": "month", "interval_count": 1, "usage_type": "metered", "meter": "mtr_h"
    },
}  # fmt: skip
USED = paid_invoice("in_used", 500)
USED["lines"]["data"][0] |= {
    "quantity": 1250, "pricing": {"price_details": {"price": "price_m", "product": "prod_m"}},
    "period": {"start": NEW_YEAR - 31 * DAY, "end": NEW_YEAR},
}  # fmt: skip

# How an invoice comes to be paid without a charge, and how it only seems so.
PAID: list[tuple[str, dict[str, Any]]] = [
    # Marked as paid by hand.
    ("stripe_invoice", paid_invoice("in_marked", 9000, paid_out_of_band=True)),
    # 30.00 by card, and the rest was marked.
    ("stripe_invoice", paid_invoice("in_part", 5000)),
    ("stripe_invoice_payment", link("in_part", {"payment_intent": "pi_part"}, amount_paid=3000)),
    ("stripe_charge", charge("part", 3000)),
    # A payment record: Stripe is told of money that came at the bank.
    ("stripe_invoice", paid_invoice("in_record", 3500)),
    ("stripe_invoice_payment", link("in_record", {"payment_record": "pr_h"}, amount_paid=3500)),
    # The payment is named, and not yet how much of it was this invoice's.
    ("stripe_invoice", paid_invoice("in_untold", 6000)),
    ("stripe_invoice_payment", link("in_untold", {"payment_intent": "pi_untold"})),
    ("stripe_charge", charge("untold", 6000)),
]  # fmt: skip
FACTS: list[tuple[str, dict[str, Any]]] = [
    *PAID,
    ("stripe_invoice", CREDITED),
    ("stripe_price", METERED),
    ("stripe_invoice", USED),
    *(("stripe_customer_balance_transaction", one) for one in CREDITS),
    ("stripe_invoice", INVOICE),
    ("stripe_charge", CHARGE),
    ("stripe_invoice_payment", LINK),
    ("stripe_refund", REFUND),
    ("stripe_balance_transaction", movement("txn_h1", "charge", 14400, 450, 0)),
    ("stripe_balance_transaction", movement("txn_h2", "refund", -2400, 0, 9)),
    ("stripe_balance_transaction", movement("txn_h3", "payout", -11550, 0, 10)),
    ("stripe_balance_transaction", movement("txn_h4", "obligation", -5, 0, 11)),
]


def rows() -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Return (raw table, rows) of the facts."""
    return [(table, [(fact["id"], SEEN, json.dumps(fact))]) for table, fact in FACTS]
