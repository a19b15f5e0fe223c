"""What did Stripe's objects look like before 2025-03-31.basil?

Rewrites one object from the newer shape.

Invoices get back `charge`, `paid`, `payment_intent`, `subscription` and their friends,
charges and intents
`invoice`, subscriptions `current_period_*`, lines `type`, `plan`, `price`, `proration`,
`tax_amounts`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

Fields = dict[str, Any]
# From an invoice's or a payment intent's id to (invoice, intent, latest charge), which the
# newer shapes no
# longer carry.
Links = Callable[[str], tuple[str | None, str | None, str | None]]


def to_legacy_text(body: str, links: Links) -> str:
    """The older rendering of an object's JSON text."""
    return msgspec.json.encode(to_legacy(msgspec.json.decode(body), links)).decode()


def to_legacy(value: Fields, links: Links) -> Fields:
    """The older rendering of an object, or the object itself where nothing changed."""
    rewrite = _REWRITES.get(str(value.get("object")))
    if rewrite is None or value.get("deleted"):
        return value
    old = rewrite(value)
    kind = value["object"]
    if kind == "charge" and old.get("payment_intent"):
        old["invoice"] = links(old["payment_intent"])[0]
    elif kind == "payment_intent":
        old["invoice"] = links(old["id"])[0]
    elif kind == "invoice" and old["status"] != "draft" and "id" in old:
        _, old["payment_intent"], old["charge"] = links(old["id"])
    return old


def _tax_amounts(taxes: list[Fields] | None) -> list[Fields]:
    return [
        {
            "amount": tax["amount"],
            "inclusive": tax["tax_behavior"] == "inclusive",
            "tax_rate": tax["tax_rate_details"]["tax_rate"],
            "taxability_reason": tax["taxability_reason"],
            "taxable_amount": tax["taxable_amount"],
        }
        for tax in taxes or []
    ]


def _without(value: Fields, *names: str) -> Fields:
    return {name: field for name, field in value.items() if name not in names}


def _line(value: Fields) -> Fields:
    parent = value.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    old = _without(
        value, "parent", "pricing", "taxes", "quantity_decimal", "subtotal", "subscription"
    )
    taxes = _tax_amounts(value.get("taxes"))
    old |= {
        "amount_excluding_tax": value["amount"],
        "invoice_item": details.get("invoice_item"),
        "price": ((value.get("pricing") or {}).get("price_details") or {}).get("price"),
        "proration": bool(details.get("proration")),
        "proration_details": {"credited_items": None},
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "tax_amounts": taxes,
        "tax_rates": [],
        "type": "invoiceitem" if parent.get("type") == "invoice_item_details" else "subscription",
        "unit_amount_excluding_tax": (value.get("pricing") or {}).get("unit_amount_decimal"),
    }
    return old


def _invoice(value: Fields) -> Fields:
    parent = value.get("parent") or {}
    details = parent.get("subscription_details")
    names = (
        "parent",
        "payments",
        "total_taxes",
        "confirmation_secret",
        "amount_overpaid",
        "customer_account",
    )
    old = _without(value, *names)
    taxes = value.get("total_taxes") or []
    old["lines"] = {**value["lines"], "data": [_line(line) for line in value["lines"]["data"]]}
    old |= {
        "application_fee_amount": None,
        "charge": None,
        "discount": None,
        "paid": value["status"] == "paid",
        "paid_out_of_band": False,
        "payment_intent": None,
        "quote": None,
        "subscription": details["subscription"] if details else None,
        "subscription_details": {"metadata": details["metadata"] if details else None},
        "tax": sum(tax["amount"] for tax in taxes) if taxes else None,
        "total_tax_amounts": _tax_amounts(taxes),
        "transfer_data": None,
    }
    return old


def _payment(value: Fields) -> Fields:
    old = _without(value, "customer_account", "managed_payments", "excluded_payment_method_types")
    return {**old, "invoice": None}


def _subscription(value: Fields) -> Fields:
    items = value["items"]["data"]
    old = _without(
        value, "billing_mode", "billing_schedules", "customer_account", "managed_payments"
    )
    old["items"] = {**value["items"], "data": [_subscription_item(item) for item in items]}
    old |= {
        "current_period_end": max((item["current_period_end"] for item in items), default=None),
        "current_period_start": min((item["current_period_start"] for item in items), default=None),
        "discount": None,
        "plan": items[0]["plan"] if len(items) == 1 else None,
        "quantity": items[0]["quantity"] if len(items) == 1 else None,
    }
    return old


def _subscription_item(value: Fields) -> Fields:
    return _without(value, "current_period_end", "current_period_start")


def _pending(value: Fields) -> Fields:
    details = (value.get("parent") or {}).get("subscription_details") or {}
    pricing = value.get("pricing") or {}
    old = _without(
        value,
        "parent",
        "pricing",
        "net_amount",
        "customer_account",
        "quantity_decimal",
        "proration_details",
    )
    old |= {
        "price": (pricing.get("price_details") or {}).get("price"),
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "unit_amount_decimal": pricing.get("unit_amount_decimal"),
    }
    return old


def _discount(value: Fields) -> Fields:
    return {**_without(value, "source", "customer_account"), "coupon": value["source"]["coupon"]}


def _promotion_code(value: Fields) -> Fields:
    return {
        **_without(value, "promotion", "customer_account"),
        "coupon": value["promotion"]["coupon"],
    }


_REWRITES: dict[str, Callable[[Fields], Fields]] = {
    "charge": _payment,
    "discount": _discount,
    "invoice": _invoice,
    "invoiceitem": _pending,
    "line_item": _line,
    "payment_intent": _payment,
    "promotion_code": _promotion_code,
    "subscription": _subscription,
    "subscription_item": _subscription_item,
}
