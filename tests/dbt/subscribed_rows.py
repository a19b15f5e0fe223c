"""What may happen to a subscription between two renewals? Raw rows of one life for each, by hand.

Prices are 100.00 EUR a month, but for those that say otherwise. The company's fixture lands them
before the marts are first built, but what names the SEPA debit's invoice: that lands after.
"""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

WORKSPACE = "ws_subscribed"
Rows = list[tuple[str, list[tuple[str, int, str]]]]


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


SEEN = at("2026-01-31") * 1_000_000


def price(name: str, amount: int, currency: str = "eur", interval: str = "month") -> dict[str, Any]:
    return {
        "id": name, "object": "price", "currency": currency, "unit_amount": amount,
        "unit_amount_decimal": str(amount), "billing_scheme": "per_unit", "type": "recurring",
        "recurring": {"interval": interval, "interval_count": 1, "usage_type": "licensed"},
    }  # fmt: skip


def subscription(name: str, since: str, sold: str = "pr_100", **fields: Any) -> dict[str, Any]:
    return {
        "id": name, "object": "subscription", "customer": f"cus_{name}", "status": "active",
        "currency": "eur", "created": at(since), "start_date": at(since), "discounts": [],
        "items": {
            "has_more": False,
            "data": [{"id": f"si_{name}", "price": PRICES[sold], "quantity": 1}],
        }, **fields,
    }  # fmt: skip


def line(amount: int, start: str, end: str, sold: str = "pr_100", **fields: Any) -> dict[str, Any]:
    """A line for a period; one of less than nothing credits what was billed before."""
    return {
        "amount": amount, "currency": "eur", "quantity": 1, "taxes": [],
        "period": {"start": at(start), "end": at(end)}, "discount_amounts": [],
        "pricing": {"price_details": {"price": sold}}, "proration": amount < 0, **fields,
    }  # fmt: skip


def invoice(of: str, issued: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A paid invoice of a subscription: its first where none was before it."""
    name, subtotal = f"in_{of}_{issued}", sum(one["amount"] for one in lines)
    taxes = [tax for one in lines for tax in one["taxes"]]
    discounts = [given for one in lines for given in one["discount_amounts"]]
    total = subtotal - sum(given["amount"] for given in discounts)
    for place, one in enumerate(lines):
        kind = one.get("kind", "subscription_item_details")
        details = {"subscription": of, "proration": one.pop("proration")}
        one |= {"id": f"il_{name}_{place}", "parent": {"type": kind, kind: details}}
    return {
        "id": name, "object": "invoice", "customer": f"cus_{of}", "status": "paid",
        "parent": {"subscription_details": {"subscription": of}}, "created": at(issued),
        "currency": lines[0]["currency"], "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically", "subtotal": subtotal, "total": total,
        "total_taxes": taxes, "total_discount_amounts": discounts, "amount_due": total,
        "amount_paid": total, "amount_remaining": 0,
        "status_transitions": {"finalized_at": at(issued), "paid_at": at(issued)},
        "lines": {"has_more": False, "data": list(lines)}, **fields,
    }  # fmt: skip


def monthly(
    of: str, *days: str, amount: int = 10_000, sold: str = "pr_100", **fields: Any
) -> list[dict[str, Any]]:
    """Invoices from day to day."""
    return [
        invoice(of, start, line(amount, start, end, sold, **fields))
        for start, end in pairwise(days)
    ]


def first(of: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return of | {"billing_reason": "subscription_create"} | fields


def trial(start: str, end: str) -> dict[str, int]:
    return {"trial_start": at(start), "trial_end": at(end)}


PRICES = {
    one["id"]: one
    for one in (
        price("pr_100", 10_000), price("pr_150", 15_000), price("pr_usd", 1_000, "usd"),
        price("pr_year", 120_000, interval="year"), price("pr_gross", 2_400),
    )
}  # fmt: skip
OFF = {
    "id": "di_off", "object": "discount", "customer": "cus_taxed_less",
    "subscription": "taxed_less", "start": at("2025-10-10"), "end": None,
    "coupon": {"id": "OFF12", "amount_off": 1_200, "currency": "eur", "duration": "forever"},
}  # fmt: skip
SUBSCRIPTIONS = [
    subscription("reset", "2025-01-10"),
    subscription("returned", "2025-01-10"),
    subscription("moved", "2025-01-10", **trial("2025-07-24", "2025-08-24")),
    subscription("sent", "2025-09-01", "pr_year", collection_method="send_invoice"),
    subscription("euro", "2025-10-10", "pr_usd"),
    subscription("yen", "2025-10-10", "pr_usd", currency="jpy"),
    subscription("taxed", "2025-10-10", "pr_gross"),
    subscription("taxed_less", "2025-10-10", "pr_gross", discounts=[OFF]),
    subscription("debit", "2025-10-01"),
    subscription("paused", "2025-09-01", status="paused", **trial("2025-09-01", "2025-09-15")),
    subscription(
        "set_up", "2025-09-01", status="canceled", canceled_at=at("2025-09-10"),
        ended_at=at("2025-09-15"), **trial("2025-09-01", "2025-09-15"),
    ),
    subscription("won", "2025-09-01", **trial("2025-09-01", "2025-09-15")),
]  # fmt: skip
SEPA = {
    "id": "ch_debit", "object": "charge", "amount": 10_000, "amount_captured": 10_000,
    "amount_refunded": 0, "captured": True, "currency": "eur", "status": "succeeded",
    "created": at("2025-10-01"), "payment_intent": "pi_debit", "customer": "cus_debit",
    "payment_method_details": {"type": "sepa_debit"},
}  # fmt: skip
LINK = {
    "id": "inpay_debit", "object": "invoice_payment", "invoice": "in_debit_2025-10-01",
    "status": "paid", "amount_paid": 10_000, "currency": "eur",
    "payment": {"type": "payment_intent", "payment_intent": "pi_debit"},
}  # fmt: skip
LATER = {"paid_at": at("2025-10-08"), "finalized_at": at("2025-10-01")}
INVOICES = [
    # The billing cycle begins anew on the 25th, within the month that was paid.
    *monthly("reset", "2025-01-10", "2025-02-10"),
    invoice(
        "reset", "2025-01-25", line(-5_161, "2025-01-25", "2025-02-10"),
        line(10_000, "2025-01-25", "2025-02-25"),
    ),
    *monthly("reset", "2025-02-25", "2025-03-25", "2025-04-25"),
    # To 150.00 on the 15th and back on the 20th, the billing cycle begun anew with each. No more is
    # credited than is billed anew.
    *monthly("returned", "2025-01-10", "2025-02-10"),
    invoice(
        "returned", "2025-01-15", line(-8_387, "2025-01-15", "2025-02-10"),
        line(15_000, "2025-01-15", "2025-02-15", "pr_150"),
    ),
    invoice(
        "returned", "2025-01-20", line(-10_000, "2025-01-20", "2025-02-15", "pr_150"),
        line(10_000, "2025-01-20", "2025-02-20"),
    ),
    *monthly("returned", "2025-02-20", "2025-03-20", "2025-04-20"),
    # A trial of two weeks; half a year later a free month moves the billing date.
    first(invoice("moved", "2025-01-10", line(0, "2025-01-10", "2025-01-24"))),
    *monthly("moved", *(f"2025-{month:02}-24" for month in range(1, 8))),
    invoice("moved", "2025-07-24", line(0, "2025-07-24", "2025-08-24")),
    *monthly("moved", *(f"2025-{month:02}-24" for month in range(8, 11))),
    # Sent on 1 September, paid a month later: Stripe holds it active meanwhile.
    first(
        invoice("sent", "2025-09-01", line(120_000, "2025-09-01", "2026-09-01", "pr_year")),
        collection_method="send_invoice", due_date=at("2025-10-01"), status_transitions=LATER,
    ),
    # 10.00 USD, which are sold for 9.00 EUR or 1,500 JPY.
    *monthly("euro", "2025-10-10", "2025-11-10", "2025-12-10", amount=900, sold="pr_usd"),
    *monthly(
        "yen", "2025-10-10", "2025-11-10", "2025-12-10", amount=1_500, sold="pr_usd",
        currency="jpy",
    ),
    # 24.00 with 4.00 of tax in it; less 12.00 in the other, which leaves 2.00 of tax.
    *monthly(
        "taxed", "2025-10-10", "2025-11-10", "2025-12-10", amount=2_400, sold="pr_gross",
        taxes=[{"amount": 400, "tax_behavior": "inclusive"}],
    ),
    *monthly(
        "taxed_less", "2025-10-10", "2025-11-10", "2025-12-10", amount=2_400, sold="pr_gross",
        taxes=[{"amount": 200, "tax_behavior": "inclusive"}],
        discount_amounts=[{"amount": 1_200, "discount": "di_off"}],
    ),
    # A bank debit that is under way for a week.
    first(
        invoice("debit", "2025-10-01", line(10_000, "2025-10-01", "2025-11-01")),
        status_transitions=LATER,
    ),
    # Three trials: one ended without a payment method, one had a setup fee and was given up.
    first(invoice("paused", "2025-09-01", line(0, "2025-09-01", "2025-09-15"))),
    first(
        invoice(
            "set_up", "2025-09-01", line(0, "2025-09-01", "2025-09-15"),
            line(5_000, "2025-09-01", "2025-09-01", pricing={}, kind="invoice_item_details"),
        )
    ),
    first(invoice("won", "2025-09-01", line(0, "2025-09-01", "2025-09-15"))),
    *monthly("won", "2025-09-15", "2025-10-15"),
]  # fmt: skip


def _rows(**objects: list[dict[str, Any]]) -> Rows:
    return [
        (f"stripe_{name}", [(one["id"], SEEN, json.dumps(one)) for one in every])
        for name, every in objects.items()
    ]


FIRST = _rows(
    price=list(PRICES.values()), subscription=SUBSCRIPTIONS, invoice=INVOICES, charge=[SEPA]
)
LAST = _rows(invoice_payment=[LINK])
