"""Which rows land after those that need them? A coupon after its discount, a payer after a guest.

Three seats at 100.00 EUR a month; the coupon that takes 20 % off lands last: 300.00, then 240.00.
A guest's card is declined for 42.50 USD; the customer who was then named pays, and lands last.
"""

import json

WORKSPACE = "ws_late"
AT = 1_767_225_600  # 2026-01-01
VERSION = AT * 1_000_000

_PRICE = {
    "id": "price_late", "object": "price", "currency": "eur", "unit_amount": 10_000,
    "unit_amount_decimal": "10000", "billing_scheme": "per_unit", "created": AT,
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
}  # fmt: skip
_DISCOUNT = {
    "id": "di_late", "object": "discount", "coupon": "LATE20", "customer": "cus_late",
    "subscription": "sub_late", "start": AT,
}  # fmt: skip
_SUBSCRIPTION = {
    "id": "sub_late", "object": "subscription", "customer": "cus_late", "status": "active",
    "currency": "eur", "created": AT, "start_date": AT, "discounts": [_DISCOUNT],
    "items": {
        "data": [{"id": "si_late", "price": _PRICE, "quantity": 3, "current_period_start": AT}],
        "has_more": False,
    },
}  # fmt: skip
_COUPON = {
    "id": "LATE20", "object": "coupon", "percent_off": 20, "duration": "forever", "created": AT,
}  # fmt: skip


def _charge(name: str, **fields: object) -> dict[str, object]:
    return {
        "id": name, "object": "charge", "amount": 4_250, "currency": "usd",
        "payment_intent": "pi_late", "amount_refunded": 0, **fields,
    }  # fmt: skip


_DECLINED = _charge(
    "ch_guest", status="failed", created=AT, amount_captured=0, captured=False,
    failure_code="card_declined",
)  # fmt: skip
_PAID = _charge(
    "ch_named", status="succeeded", created=AT + 3_600, amount_captured=4_250, captured=True,
    customer="cus_named",
)  # fmt: skip

FIRST = {"price": _PRICE, "subscription": _SUBSCRIPTION, "charge": _DECLINED}
LAST = {"coupon": _COUPON, "charge": _PAID}


def rows(
    objects: dict[str, dict[str, object]], version: int = VERSION
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Return (raw table, rows) of objects."""
    return [
        (f"stripe_{name}", [(str(body["id"]), version, json.dumps(body))])
        for name, body in objects.items()
    ]
