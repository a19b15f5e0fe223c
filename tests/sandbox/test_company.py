"""Is the company the same on every run, and do its books say what the facts say?

Hand-computed and byte for byte.
"""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from sandbox.company.billing import proration_lines, reckon
from sandbox.company.books import Books
from sandbox.company.calendar import add_months, business_day, midnight
from sandbox.company.catalog import (
    COUPONS,
    PRICES,
    convert,
    processing_fee,
    round_half_up,
    wire_rate,
)
from sandbox.company.facts import Customer, Discount, Item, Line, Subscription
from sandbox.company.life import live
from sandbox.company.people import meet, random_of
from sandbox.company.revenue import monthly_value, movements
from sandbox.stripe.generate import CompanySpec, generate
from sandbox.stripe.store import Store

DAY = 86_400
NOON = midnight(date(2026, 3, 10)) + DAY // 2


def digest(path: Path) -> str:
    """A hash over every stored row, in order."""
    store = Store(path)
    total = hashlib.sha256()
    for row in store.connection.execute(
        "select kind, id, created, customer, parent, status, body from objects order by seq"
    ):
        total.update(repr(row).encode())
    store.close()
    return total.hexdigest()


def test_the_same_spec_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    hashes = []
    for number, seed in enumerate((3, 3, 4)):
        path = tmp_path / f"{number}.sqlite"
        generate(
            CompanySpec(seed, 45, date(2026, 11, 20)),
            path,
            tmp_path / f"books_{number}.sqlite",
            lambda done: None,
        )
        hashes.append(digest(path))
    assert hashes[0] == hashes[1] != hashes[2]


def test_two_processes_write_the_same_bytes_as_one(tmp_path: Path) -> None:
    spec = CompanySpec(5, 230, date(2026, 11, 20))
    for name, workers in (("one", 0), ("two", 2)):
        books = tmp_path / f"{name}_books.sqlite"
        generate(spec, tmp_path / name, books, lambda done: None, workers)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    one, two = Books(tmp_path / "one_books.sqlite"), Books(tmp_path / "two_books.sqlite")
    assert (one.counts(), one.mrr(), one.months()) == (two.counts(), two.mrr(), two.months())
    one.close()
    two.close()


def test_a_customers_life_does_not_depend_on_the_others() -> None:
    start, until = midnight(date(2025, 5, 20)), midnight(date(2026, 11, 20))
    assert repr(live(7, 61, start, until)) == repr(live(7, 61, start, until))


def someone() -> Customer:
    return meet(1, 1000, NOON, random_of(1, "someone"))


def agreement(items: list[tuple[str, str, int, int]], discount: str | None = None) -> Subscription:
    """An active subscription since noon of 10 March 2026."""
    held = tuple(
        Item(f"si_{place}", PRICES[currency, interval, tier], quantity)
        for place, (currency, interval, tier, quantity) in enumerate(items)
    )
    given = None
    if discount is not None:
        coupon = COUPONS[discount]
        given = Discount(
            "di_1", coupon, NOON, add_months(NOON, coupon.months) if coupon.months else None
        )
    customer = someone()
    made = Subscription(
        "sub_1", customer, NOON, NOON, None, given, [(NOON, held)], [(NOON, "active")]
    )
    customer.subscriptions.append(made)
    return made


@pytest.mark.parametrize(
    ("items", "discount", "worth"),
    [
        ([("eur", "month", 0, 3)], None, 5_700),
        # 490.00 a year for two seats: 980.00 / 12 = 81.666..., half up.
        ([("eur", "year", 1, 2)], None, 8_167),
        # 74,000 yen a year: 6,166.666...
        ([("jpy", "year", 1, 1)], None, 6_167),
        # 161.20 dinar a year in fils: 161,200 / 12 = 13,433.333...
        ([("kwd", "year", 1, 1)], None, 13_433),
        # 20 % off 19.00 is 15.20; 10 % off 210.00 a year is 189.00, 15.75 a month.
        ([("eur", "month", 0, 1)], "LAUNCH20", 1_520),
        ([("usd", "year", 0, 1)], "PARTNER10", 1_575),
        # 5.00 off 21.00 each month; coupons for once do not count.
        ([("usd", "month", 0, 1)], "TEAM5", 1_600),
        ([("eur", "month", 0, 1)], "BLACKFRIDAY", 1_900),
        # Off both: (210.00 + 1,090.00 - 5.00) / 12 = 107.9166...; 17.08 and 90.83 would be less.
        ([("usd", "year", 0, 1), ("usd", "year", 2, 1)], "TEAM5", 10_792),
        # Rounded per item: 158.333 and 408.333 are 158 and 408 (19.00 and 49.00 over
        # twelve would not be).
        ([("gbp", "year", 0, 1), ("gbp", "year", 1, 1)], None, 1_417 + 3_583),
    ],
)
def test_monthly_value_is_what_one_computes_by_hand(items, discount, worth) -> None:
    assert monthly_value(agreement(items, discount), NOON + 60) == worth


def test_an_amount_off_an_invoice_is_off_each_line_in_its_proportion() -> None:
    subscription = agreement([("usd", "month", 0, 1)], "TEAM5")
    (item,) = subscription.items_at(NOON)
    lines = [
        Line(f"il_{place}", "", amount, 1, item.price, item.id, NOON, NOON)
        for place, amount in enumerate((100, 100, 100, 1_200))
    ]
    reckon(subscription.customer, subscription, lines, NOON, first=False)
    # 5.00 x 100 / 1500 = 0.333..., of which thirds go on to the next; 5.00 x 1200 / 1500 = 4.00.
    assert [line.discount for line in lines] == [33, 34, 33, 400]


def test_movements_follow_a_life_through_a_lapse_a_discounts_end_churn_and_return() -> None:
    subscription = agreement([("eur", "month", 0, 1)], "LAUNCH20")
    subscription.statuses += [
        (NOON + 40 * DAY, "past_due"),
        (NOON + 52 * DAY, "active"),
        (NOON + 120 * DAY, "canceled"),
    ]
    subscription.terms.append((NOON + 60 * DAY, (Item("si_0", PRICES["eur", "month", 1], 1),)))
    customer = subscription.customer
    back = agreement([("eur", "month", 0, 2)])
    back.statuses = [(NOON + 200 * DAY, "active")]
    back.terms = [(NOON + 200 * DAY, back.terms[0][1])]
    back.created = NOON + 200 * DAY
    customer.subscriptions.append(back)
    first = NOON // DAY
    assert list(movements(customer, NOON + 400 * DAY)) == [
        (first, "new", 1_520),
        # Past due from day 40 to 52: it goes on counting, so nothing moves.
        (first + 60, "expansion", 3_920 - 1_520),
        # Three months after 10 March the 20 % end: 10 June.
        (first + 92, "expansion", 4_900 - 3_920),
        (first + 120, "churn", -4_900),
        (first + 200, "reactivation", 3_800),
    ]


def test_a_proration_credits_and_charges_the_rest_of_the_period() -> None:
    customer = someone()
    start, end = midnight(date(2026, 4, 1)), midnight(date(2026, 5, 1))
    old, new = (
        (Item("si_0", PRICES[customer.currency, "month", 0], 3),),
        (Item("si_0", PRICES[customer.currency, "month", 1], 3),),
    )
    lines = proration_lines(customer, old, new, midnight(date(2026, 4, 11)), start, end)
    units = [PRICES[customer.currency, "month", tier].unit_amount * 3 for tier in (0, 1)]
    assert [line.amount for line in lines] == [
        -round_half_up(units[0] * 2, 3),
        round_half_up(units[1] * 2, 3),
    ]
    assert all(line.start == midnight(date(2026, 4, 11)) and line.end == end for line in lines)


def test_money_is_rounded_and_converted_exactly() -> None:
    assert [
        round_half_up(5, 2),
        round_half_up(-5, 2),
        round_half_up(7, 3),
        round_half_up(-7, 3),
    ] == [3, -3, 2, -2]
    # 7,400 yen at 0.00612 euro a yen are 45.288; 16.120 dinar at 2.95 are 47.554.
    assert convert(7_400, "jpy", 6_120) == 4_529
    assert convert(16_120, "kwd", 2_950_000) == 4_755
    # As Stripe names them: 7,400 yen x 0.612 are 4,529 cents, 16,120 fils x 0.295 are 4,755.
    assert wire_rate("jpy", 6_120) == "0.612"
    assert wire_rate("kwd", 2_950_000) == "0.295"
    assert wire_rate("eur", None) is None
    assert processing_fee(4_250, "usd", "card") == 123 + 30
    assert processing_fee(4_250, "eur", "sepa_debit") == 35


def test_months_are_clamped_and_weekends_skipped() -> None:
    assert add_months(midnight(date(2026, 1, 31)), 1) == midnight(date(2026, 2, 28))
    assert add_months(midnight(date(2025, 12, 15)), 14) == midnight(date(2027, 2, 15))
    saturday = midnight(date(2026, 11, 21)) // DAY
    assert [business_day(saturday + step) - saturday for step in range(-1, 3)] == [-1, 2, 2, 2]


def test_the_books_balance_with_themselves(stripe_sandbox) -> None:
    books: Books = stripe_sandbox.books
    moved: dict[str, int] = {}
    for movement in books.movements():
        moved[movement["currency"]] = moved.get(movement["currency"], 0) + movement["amount"]
    assert moved == books.day("2026-11-19")
    for month in books.months():
        parts = (
            month["gross"]
            + month["returned"]
            + month["refunds"]
            + month["disputes"]
            + month["payouts"]
            + month["other"]
        )
        assert month["net"] == parts - month["fees"], month
    failed = books.failed_payments()
    assert all(
        (payment["outcome"] == "recovered") == (payment["recovered_at"] is not None)
        for payment in failed
    )
    assert all(1 <= payment["failures"] <= payment["attempts"] for payment in failed)
