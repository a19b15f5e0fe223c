"""When does a discount end? Told by events, by lists that no longer hold it, and by old invoices.

Every subscription here costs 100.00 EUR a month from 10 January 2026 on, but for those of several
items. Stripe shows no `end` of a deleted discount, and expands it so in old invoices for ever.
"""

import json
from datetime import datetime
from typing import Any

Rows = list[tuple[str, list[tuple[str, int, str]]]]

# The same rows: the first half before the marts are built; all of them after; the last half first.
HALVES, WHOLE, REVERSED = "ws_discounts", "ws_discounts_whole", "ws_discounts_reversed"
_BEGIN = "2026-01-10"
_MONTHS = [f"2026-{month:02}-10" for month in range(1, 11)]


def at(text: str) -> int:
    """Return the seconds of a day's noon, or of a moment."""
    day = text if "T" in text else f"{text}T12:00:00"
    return int(datetime.fromisoformat(f"{day}+00:00").timestamp())


def _row(table: str, body: dict[str, Any], seen: str) -> tuple[str, list[tuple[str, int, str]]]:
    return f"stripe_{table}", [(body["id"], at(seen) * 1_000_000, json.dumps(body))]


def _price(name: str, amount: int) -> dict[str, Any]:
    return {
        "id": name, "object": "price", "currency": "eur", "unit_amount": amount,
        "unit_amount_decimal": str(amount), "billing_scheme": "per_unit", "created": at(_BEGIN),
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }  # fmt: skip


_COUPONS: dict[str, dict[str, Any]] = {
    "HALF": {"percent_off": 50, "duration": "forever"},
    "FIFTH": {"percent_off": 20, "duration": "forever"},
    "TWENTIETH": {"percent_off": 5, "duration": "forever"},
    "THREE": {"percent_off": 50, "duration": "repeating", "duration_in_months": 3},
    "OFF20": {"amount_off": 2_000, "currency": "eur", "duration": "forever"},
    "OFF10": {"amount_off": 1_000, "currency": "eur", "duration": "forever"},
    "OFF1": {"amount_off": 100, "currency": "eur", "duration": "forever"},
    "YEN": {"amount_off": 2_000, "currency": "jpy", "duration": "forever"},
}  # fmt: skip
_PRICES = {
    "price_100": 10_000, "price_05": 500, "price_1a": 100, "price_1b": 100, "price_1c": 100,
    "price_million": 100_000_000,
}  # fmt: skip


def discount(of: str, coupon: str, start: str = _BEGIN, **more: Any) -> dict[str, Any]:
    """Return a subscription's discount; `end` is what Stripe gives it, unless it is deleted."""
    whole = {
        "id": f"di_{of.removeprefix('sub_')}", "object": "discount", "customer": f"cus_{of}",
        "subscription": of, "start": at(start), "end": None,
        "source": {"coupon": coupon, "type": "coupon"}, **more,
    }  # fmt: skip
    if more.get("deleted"):
        del whole["end"]
    return whole


def _subscription(
    name: str, seen: str, discounts: tuple[Any, ...], prices: tuple[str, ...], **more: Any
) -> dict[str, Any]:
    items = [
        {"id": f"si_{name}_{price}", "price": _price(price, _PRICES[price]), "quantity": 1}
        for price in prices
    ]
    billed = max(day for day in _MONTHS if day <= seen)
    return {
        "id": name, "object": "subscription", "customer": f"cus_{name}", "status": "active",
        "currency": "eur", "created": at(_BEGIN), "start_date": at(_BEGIN),
        "latest_invoice": f"in_{name}_{billed}", "discounts": list(discounts),
        "items": {"data": items, "has_more": False}, **more,
    }  # fmt: skip


def _seen(
    name: str, seen: str, *discounts: Any, prices: tuple[str, ...] = ("price_100",), **more: Any
) -> Rows:
    """A subscription as a poll found it."""
    return [_row("subscription", _subscription(name, seen, discounts, prices, **more), seen)]


def _event(kind: str, when: str, shown: dict[str, Any]) -> Rows:
    body = {
        "id": f"evt_{shown['id']}_{when}", "object": "event", "type": f"customer.{kind}",
        "created": at(when), "data": {"object": shown},
    }  # fmt: skip
    return [_row("event", body, when)]


def _given(when: str, shown: dict[str, Any]) -> Rows:
    return _event("discount.created", when, shown)


def _taken(when: str, shown: dict[str, Any]) -> Rows:
    return _event("discount.deleted", when, shown)


def _told(name: str, when: str, *discounts: str) -> Rows:
    """A subscription as an event shows it: with the ids of its discounts alone."""
    shown = _subscription(name, when, discounts, ("price_100",))
    return _event("subscription.updated", when, shown)


def _invoice(name: str, day: str, prices: tuple[str, ...], discounts: list[Any], seen: str) -> Rows:
    until = [*_MONTHS[1:], "2026-11-10"][_MONTHS.index(day)]
    lines = [
        {
            "id": f"il_{name}_{day}_{price}", "amount": _PRICES[price], "currency": "eur",
            "quantity": 1, "period": {"start": at(day), "end": at(until)},
            "parent": {
                "type": "subscription_item_details",
                "subscription_item_details": {"subscription": name, "proration": False},
            },
            "pricing": {"price_details": {"price": price, "product": "prod"}},
        }
        for price in prices
    ]  # fmt: skip
    body = {
        "id": f"in_{name}_{day}", "object": "invoice", "customer": f"cus_{name}",
        "status": "paid", "currency": "eur", "created": at(day), "discounts": discounts,
        "billing_reason": "subscription_cycle",
        "parent": {"subscription_details": {"subscription": name}},
        "lines": {"has_more": False, "data": lines},
    }  # fmt: skip
    return [_row("invoice", body, seen)]


def _begun(name: str, *prices: str) -> Rows:
    """The first invoice of a subscription, without a word of discounts."""
    return _invoice(name, _BEGIN, prices or ("price_100",), [], _BEGIN)


def _billed(name: str, shown: dict[str, Any], until: str) -> Rows:
    """All its invoices as a late backfill finds them: up to a day with this discount."""
    return [
        row
        for day in _MONTHS
        for row in _invoice(name, day, ("price_100",), [shown] * (day <= until), "2026-10-20")
    ]


_HALF = {name: discount(f"sub_{name}", "HALF") for name in ("removed", "swapped", "phased")}
_THREE = {name: discount(f"sub_{name}", "THREE", end=at("2026-04-10")) for name in ("run", "cut")}
_AGAIN = [discount("sub_again", "HALF", id=f"di_again{n}") for n in (1, 2)]
_OTHER = discount("sub_swapped", "FIFTH", "2026-07-15", id="di_other")
_SHARE_FIRST = [
    discount("sub_share_first", "FIFTH", id="di_b"), discount("sub_share_first", "OFF10", id="di_a")
]  # fmt: skip
_AMOUNT_FIRST = [
    discount("sub_amount_first", "OFF10", id="di_d"),
    discount("sub_amount_first", "FIFTH", id="di_c"),
]
_TWENTY = [discount("sub_twenty", "TWENTIETH", id=f"di_twenty{n:02}") for n in range(20)]
_ITEMS: dict[str, tuple[str, ...]] = {
    "sub_two": ("price_05", "price_100"), "sub_three": ("price_1a", "price_1b", "price_1c"),
    "sub_twenty": ("price_million",),
}  # fmt: skip
_NAMES = (
    "removed", "swapped", "emptied", "again", "phased", "run", "cut", "wide", "single", "two",
    "three", "yen", "share_first", "amount_first", "twenty",
)  # fmt: skip


def _gone(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name != "end"} | {"deleted": True}


FIRST: Rows = [
    *(_row("price", _price(*price), _BEGIN) for price in _PRICES.items()),
    *(_row("coupon", {"id": name, "object": "coupon", **coupon}, _BEGIN)
      for name, coupon in _COUPONS.items()),
    *(row for name in _NAMES
      for row in _begun(f"sub_{name}", *_ITEMS.get(f"sub_{name}", ()))),
    # Taken off by hand: an event tells when; old invoices show it as deleted ever since.
    *_given(_BEGIN, _HALF["removed"]),
    *_seen("sub_removed", "2026-05-01", _HALF["removed"]),
    # Swapped, emptied: told by polls alone, the last of them long after.
    *_seen("sub_swapped", "2026-02-01", _HALF["swapped"]),
    *_seen("sub_emptied", "2026-01-11"),
    *_seen("sub_emptied", "2026-02-01", discount("sub_emptied", "HALF", "2026-02-01")),
    # Taken off, and its coupon given again: another discount.
    *_given(_BEGIN, _AGAIN[0]),
    *_taken("2026-03-01", _gone(_AGAIN[0])),
    *_seen("sub_again", "2026-04-01"),
    # One discount in the first and the third phase of a schedule.
    *_seen("sub_phased", "2026-01-11", _HALF["phased"]),
    *_told("sub_phased", "2026-03-01"),
    # Three months, known to end on 10 April: let run, or taken off before.
    *_seen("sub_run", "2026-01-11", _THREE["run"]),
    *_seen("sub_cut", "2026-01-11", _THREE["cut"]),
    # A whole customer's, which is not subtracted; of an old version, whose `discount` is single.
    *_given(_BEGIN, discount("sub_wide", "HALF") | {"subscription": None}),
    *_seen("sub_wide", "2026-01-11"),
    *_seen("sub_single", "2026-01-11", discount=discount("sub_single", "HALF")),
    # Amounts: off two items, off three of which each is rounded, and in another currency.
    *_seen("sub_two", "2026-01-11", discount("sub_two", "OFF20"), prices=_ITEMS["sub_two"]),
    *_seen("sub_three", "2026-01-11", discount("sub_three", "OFF1"), prices=_ITEMS["sub_three"]),
    *_seen("sub_yen", "2026-01-11", discount("sub_yen", "YEN")),
    # Stacked: the list's order is that in which they apply, whatever they are called.
    *_seen("sub_share_first", "2026-01-11", *_SHARE_FIRST),
    *_seen("sub_amount_first", "2026-01-11", *_AMOUNT_FIRST),
    *_seen("sub_twenty", "2026-01-11", *_TWENTY, prices=_ITEMS["sub_twenty"]),
]  # fmt: skip

LAST: Rows = [
    *_taken("2026-06-05", _gone(_HALF["removed"])),
    *_billed("sub_removed", _gone(_HALF["removed"]), "2026-05-10"),
    *_seen("sub_removed", "2026-10-20"),
    *_seen("sub_swapped", "2026-07-15", _OTHER),
    *_seen("sub_swapped", "2026-10-20", _OTHER),
    *_seen("sub_emptied", "2026-07-15"),
    *_seen("sub_emptied", "2026-10-20"),
    # Found by a backfill long after: only the invoices that had it know of it.
    *_billed("sub_ended", _gone(discount("sub_ended", "THREE")), "2026-03-10"),
    *_seen("sub_ended", "2026-10-20"),
    *_billed("sub_left", _gone(discount("sub_left", "HALF")), "2026-06-10"),
    *_seen("sub_left", "2026-10-20"),
    *_given("2026-05-20", _AGAIN[1] | {"start": at("2026-05-20")}),
    *_seen("sub_again", "2026-10-20", "di_again2"),
    *_told("sub_phased", "2026-05-01", "di_phased"),
    *_seen("sub_phased", "2026-10-20", "di_phased"),
    *_billed("sub_run", _gone(_THREE["run"]), "2026-03-10"),
    *_seen("sub_run", "2026-10-20"),
    *_taken("2026-02-20", _THREE["cut"]),
    *_billed("sub_cut", _gone(_THREE["cut"]), "2026-02-10"),
    *_seen("sub_cut", "2026-10-20"),
    *_seen("sub_single", "2026-10-20", "di_single"),
]  # fmt: skip
