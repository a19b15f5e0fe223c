"""What is unlike a payee's history is told with its reason; what is habit, is not."""

import itertools
from datetime import date, timedelta

import polars as pl
import pytest

from ml.enriching import enrich
from ml.recurring import series
from ml.recurring.generated import END, statement
from ml.wording import money
from tests.ml.sandbox_lines import bank_lines, world_of

START = date(2024, 1, 1)
TODAY = date(2024, 12, 31)


def paid(name: str, payee: str, minor: int, days: int, **more) -> dict:
    return {
        "provider": "plaid", "connection_id": "c", "id": name, "account_id": "card",
        "status": "succeeded", "amount_minor": -minor, "currency": "GBP", "merchant": payee,
        "booked_on": START + timedelta(days=days), **more,
    }  # fmt: skip


def history(payee: str = "OFFICE DEPOT", count: int = 12, **more) -> list[dict]:
    """Purchases at one payee on odd days, about 40.00 each."""
    return [
        paid(f"{payee}{n}", payee, 4_000 + 137 * (n * 7 % 11), n * 17 + n * n % 5, **more)
        for n in range(count)
    ]


def said(rows: list[dict], *, as_of: date = TODAY) -> dict[str, tuple[str, str]]:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    found = enrich(frame, as_of=as_of, facets=["anomaly"])["anomaly"]
    told = zip(frame["id"], found.iter_rows(named=True), strict=True)
    return {name: (row["value"], row["evidence"]) for name, row in told if row["value"]}


def test_a_quiet_history_says_nothing():
    assert said(history() + history("BT GROUP", 20)) == {}


def test_the_second_of_two_equal_payments_is_a_duplicate():
    rows = [*history(), paid("x", "OFFICE DEPOT 81", 9_120, 230),
            paid("y", "OFFICE DEPOT 82", 9_120, 231)]  # fmt: skip
    assert said(rows) == {
        "y": ("duplicate", "91.20 GBP went to Office Depot on 2024-08-18 already (x);"
              " of 14 payments to it no other two are so close.")
    }  # fmt: skip


@pytest.mark.parametrize(
    "second",
    [
        paid("y", "OFFICE DEPOT", 9_120, 234),
        paid("y", "OFFICE DEPOT", 9_121, 230),
        paid("y", "OFFICE DEPOT", 9_120, 230, currency="EUR"),
        paid("y", "OFFICE DEPOT", 9_120, 230, account_id="other"),
        paid("y", "OFFICE DEPOT", 9_120, 230, status="pending"),
        paid("y", "OFFICE DEPOT", -9_120, 230),
        paid("y", "OFFICE DEPOT", 9_120, 230, reference="INV 2"),
    ],
    ids=["four days later", "another amount", "another currency", "another account", "pending",
         "a refund", "another invoice"],
)  # fmt: skip
def test_what_only_looks_like_a_duplicate_is_none(second: dict):
    first = paid("x", "OFFICE DEPOT", 9_120, 230, reference="INV 1")
    assert said([*history(), first, second]) == {}


def test_a_repeat_that_is_the_payees_habit_is_no_duplicate():
    twins = [paid(f"t{n}{half}", "CAFFE NERO", 4_500, 20 * n) for n in range(6) for half in "ab"]
    assert said(twins) == {}


def test_an_amount_far_above_the_payees_own_is_told_in_figures():
    rows = [*history(), paid("x", "OFFICE DEPOT", 41_000, 300)]
    # The median of the twelve: 4,000 + 137 * k for k = 0..10 and again 0: between k = 4 and 5.
    assert said(rows) == {
        "x": ("amount", "410.00 GBP to Office Depot; the 12 payments before were about 46.16 GBP"
              " and at most 53.70 GBP.")
    }  # fmt: skip
    assert said([*history(), paid("x", "OFFICE DEPOT", 13_000, 300)]) == {}, "under 2.5 times"
    assert said([*history(count=7), paid("x", "OFFICE DEPOT", 41_000, 300)]) == {}, "too few before"
    assert said([*rows, paid("z", "OFFICE DEPOT", 42_000, 320)]).keys() == {"x"}, "and then known"


def test_a_rise_of_a_steady_price_is_told_and_agrees_with_the_series():
    months = [paid(f"m{n}", "ADOBE SYSTEMS", 2_000 if n < 6 else 2_400, 30 * n) for n in range(9)]
    assert said(months) == {
        "m6": ("price_increase",
               "The monthly payment to Adobe Systems rose from 20.00 GBP to 24.00 GBP (20.0 %).")
    }  # fmt: skip


def test_a_tax_that_rises_is_no_price():
    months = [paid(f"m{n}", "HMRC VAT", 2_000 if n < 6 else 2_400, 30 * n) for n in range(9)]
    assert said(months) == {}


def test_price_increases_are_the_series_own_on_generated_statements():
    all_rows = statement(2_000).rows
    # Merchants with nothing but a series: the others take long and tell nothing here.
    number = pl.col("merchant").str.extract(r"(\d+)").cast(pl.Int64)
    rows = all_rows.filter((number % 2 == 0) & (number % 6 != 0)).with_columns(
        pl.format("{}", pl.int_range(pl.len())).alias("id"), pl.lit("c").alias("connection_id"),
        pl.col("merchant").str.replace_all("merchant ", "zqx"),
    )  # fmt: skip
    found = enrich(rows, as_of=END, facets=["anomaly"])
    rose = set(found["anomaly"].with_row_index().filter(value="price_increase")["index"])
    sure = found["recurring"]["value"].is_not_null() & ~found["recurring"]["abstained"]
    named = rows.with_columns(found["merchant"]["value"].alias("merchant"))
    checked = 0
    for line in series(named, END).iter_rows(named=True):
        paid_minor = [-rows["amount_minor"][row] for row in line["rows"]]
        steps = [b - a for a, b in itertools.pairwise(paid_minor)]
        if not sure[line["rows"][0]] or -line["price_change_minor"] <= 0:
            continue
        latest = max(place for place, step in enumerate(steps) if step)
        assert steps[latest] == -line["price_change_minor"]
        assert line["rows"][latest + 1] in rose
        checked += 1
    assert checked >= 4


def test_a_large_first_payment_is_a_new_payee_a_small_one_is_not():
    before = [paid(f"p{n}", f"SHOP {'ABCDEFGHIJ'[n % 10]}LIM", 1_000 + n * 41 % 900, n)
              for n in range(150)]  # fmt: skip
    assert said([*before, paid("x", "ACME ROCKETS", 1_500, 150)]) == {}
    assert said([*before, paid("x", "ACME ROCKETS", 900_000, 150)]) == {
        "x": ("new_payee", "9000.00 GBP is the first payment to Acme Rockets; of those in the year"
              " before, 99 in 100 were under 20.48 GBP.")
    }  # fmt: skip
    assert said([*before[:80], paid("x", "ACME ROCKETS", 900_000, 150)]) == {}, (
        "too short a history"
    )


def test_a_known_payees_new_account_is_told():
    known = [paid(f"k{n}", "MUELLER GMBH", 100_000 + n, 30 * n, counterparty_account="DE11")
             for n in range(4)]  # fmt: skip
    rows = [*known, paid("x", "MUELLER GMBH", 100_009, 130, counterparty_account="XX99")]
    assert said(rows) == {
        "x": ("new_account", "The first payment to Mueller Gmbh on account XX99; the 4 before went"
              " to DE11.")
    }  # fmt: skip
    assert said([known[0], rows[-1]]) == {}, "one payment before makes no habit"


def test_own_transfers_are_no_anomalies():
    move = [
        paid("o", "XFER", 5_000_000, 300, account_id="bank"),
        paid("i", "XFER", -5_000_000, 300, account_id="savings"),
    ]
    assert said(history() + move) == {}


def test_the_order_of_rows_does_not_matter():
    rows = [*history(), paid("x", "OFFICE DEPOT 81", 9_120, 230),
            paid("y", "OFFICE DEPOT 82", 9_120, 231),
            paid("z", "OFFICE DEPOT", 41_000, 300)]  # fmt: skip
    found = said(rows)
    assert found.keys() == {"y", "z"}
    assert said(rows[::-1]) == found


@pytest.mark.parametrize("seed", [31, 5])
def test_the_sandboxs_clean_history_raises_no_alarm(seed: int):
    """Its true twins (two coffees of one day), refunds, renewals and payroll are no anomalies."""
    rows = bank_lines(world_of(seed, 600)).drop("kind", "pair_id")
    found = enrich(rows, as_of=date(2026, 11, 1), facets=["anomaly"])["anomaly"]
    assert rows.filter(pl.col("amount_minor") < 0).height > 1_000
    assert found["value"].drop_nulls().to_list() == []


def test_money_is_worded_with_its_currencys_places():
    rows = pl.DataFrame({"minor": [-5, 160_000, -1_234_567, 2**62, 0],
                         "currency": ["EUR", "JPY", "KWD", "USD", "GBP"]})  # fmt: skip
    assert rows.select(money("minor"))["minor"].to_list() == [
        "0.05 EUR", "160000 JPY", "1234.567 KWD", "46116860184273879.04 USD", "0.00 GBP",
    ]  # fmt: skip
