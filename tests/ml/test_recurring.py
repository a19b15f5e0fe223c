"""Series are found in every rhythm, told apart from habit, and the next payment is foretold."""

from datetime import date, timedelta

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from core.errors import ForbiddenError
from ml.recurring import recurring, series
from ml.recurring.cadences import CADENCES, MONTHLY
from ml.recurring.evaluation import evaluate


def paid(days: list[date], amounts: list[int], merchant: str = "power co") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "provider": ["plaid"] * len(days),
            "merchant": [merchant] * len(days),
            "amount_minor": amounts,
            "currency": ["EUR"] * len(days),
            "booked_on": days,
        }
    )


def months(count: int, day: int = 15) -> list[date]:
    return [MONTHLY.after(date(2023, 1, day), index) for index in range(count)]


@pytest.mark.parametrize("cadence", CADENCES, ids=lambda cadence: cadence.name)
def test_every_rhythm_is_found_and_continued(cadence):
    days = [cadence.after(date(2020, 1, 28), index) for index in range(6)]
    found = series(paid(days, [-1_990] * 6), days[-1]).to_dicts()
    assert [line["cadence"] for line in found] == [cadence.name]
    assert found[0]["rows"] == [0, 1, 2, 3, 4, 5]
    assert found[0]["next_on"] == cadence.after(date(2020, 1, 28), 6)
    assert (found[0]["next_least_minor"], found[0]["next_most_minor"]) == (-1_990, -1_990)
    assert found[0]["missed"] == 0
    assert found[0]["is_active"]


@given(
    st.sampled_from(CADENCES), st.integers(1, 3),
    st.lists(st.dates(date(1999, 1, 1), date(2040, 12, 31)), min_size=1, max_size=20),
)  # fmt: skip
def test_many_days_move_on_as_each_does(cadence, periods: int, days: list[date]):
    ordinals = np.array([day.toordinal() for day in days])
    moved = [date.fromordinal(int(one)) for one in cadence.all_after(ordinals, periods)]
    assert moved == [cadence.after(day, periods) for day in days]


def test_of_a_payee_with_thousands_of_payments_the_latest_are_read():
    every_day = [date(2015, 1, 1) + timedelta(days=day) for day in range(2_100)]
    amounts = [100 + (day * day * 7_919) % 90_001 for day in range(2_100)]
    for day in range(1_900, 2_100, 7):
        amounts[day] = 123_456
    (found,) = series(paid(every_day, [-one for one in amounts]), every_day[-1]).to_dicts()
    assert (found["cadence"], found["rows"]) == ("weekly", list(range(1_900, 2_100, 7)))


def test_a_price_change_is_told_and_the_new_price_expected():
    found = series(paid(months(8), [-1_000] * 5 + [-1_200] * 3), date(2023, 8, 20)).to_dicts()
    assert [line["rows"] for line in found] == [list(range(8))]
    assert (found[0]["amount_minor"], found[0]["price_change_minor"]) == (-1_200, -200)
    assert found[0]["next_least_minor"] == -1_200


def test_a_missed_month_is_counted_and_a_long_silence_ends_the_series():
    days = [day for day in months(9) if day.month != 5]
    before = series(paid(days, [-1_000] * 8), date(2023, 9, 20)).to_dicts()[0]
    assert (before["missed"], before["is_active"], before["next_on"]) == (
        1,
        True,
        date(2023, 10, 15),
    )
    overdue = series(paid(days, [-1_000] * 8), date(2023, 11, 1)).to_dicts()[0]
    assert (overdue["missed"], overdue["is_active"]) == (2, True)
    silent = series(paid(days, [-1_000] * 8), date(2024, 3, 1)).to_dicts()[0]
    assert not silent["is_active"]


def test_a_subscription_is_found_among_other_purchases_of_the_merchant():
    other = [date(2023, 1, 3) + timedelta(days=days) for days in (0, 17, 61, 66, 120, 163, 190)]
    frame = pl.concat(
        [
            paid(months(8), [-1_499] * 8),
            paid(other, [-8_731, -2_250, -599, -13_020, -4_410, -780, -3_333]),
        ]
    )
    found = series(frame, date(2023, 9, 1)).to_dicts()
    assert [(line["cadence"], line["rows"]) for line in found] == [("monthly", list(range(8)))]
    answers = recurring(frame, date(2023, 9, 1))
    assert answers["value"].to_list() == ["monthly"] * 8 + ["none"] * 7
    assert answers["evidence"][0] == (
        "8 monthly payments since 2023-01-15;"
        " next about 2023-09-15 (2023-09-13 to 2023-09-17), 14.99 EUR."
    )


@pytest.mark.parametrize(
    ("amounts", "left_out", "as_of", "words"),
    [
        ([1_000] * 5 + [1_200] * 3, (), date(2023, 8, 20),
         "8 monthly payments since 2023-01-15; the price was 10.00 EUR, now 12.00 EUR;"
         " next about 2023-09-15 (2023-09-13 to 2023-09-17), 12.00 EUR."),
        ([1_010, 1_000, 1_040, 1_020, 990, 1_030, 1_000, 1_050], (), date(2023, 8, 20),
         "8 monthly payments since 2023-01-15;"
         " next about 2023-09-15 (2023-09-13 to 2023-09-17), 9.90 EUR to 10.50 EUR."),
        ([1_000] * 8, (4,), date(2023, 8, 20),
         "7 monthly payments since 2023-01-15, 1 missed;"
         " next about 2023-09-15 (2023-09-13 to 2023-09-17), 10.00 EUR."),
        ([1_000] * 8, (), date(2024, 8, 20),
         "8 monthly payments since 2023-01-15, 2 missed; ended."),
    ],
    ids=["another price", "varies", "a month missed", "ended"],
)  # fmt: skip
def test_a_series_says_its_price_what_it_missed_and_what_comes_next(
    amounts, left_out, as_of, words
):
    kept = [number for number in range(8) if number not in left_out]
    frame = paid([months(8)[n] for n in kept], [-amounts[n] for n in kept])
    answers = recurring(frame, as_of)
    assert answers["evidence"].to_list() == [words] * len(kept)


def test_irregular_purchases_are_no_series():
    days = [date(2023, 1, 3) + timedelta(days=days) for days in (0, 4, 31, 38, 90, 94, 141, 160)]
    amounts = [-310, -2_150, -4_100, -780, -1_260, -9_020, -640, -3_333]
    assert series(paid(days, amounts), date(2023, 9, 1)).height == 0
    assert series(paid(days[:2], amounts[:2]), date(2023, 9, 1)).height == 0


def test_money_in_and_out_other_currencies_and_the_future_are_kept_apart():
    rent, salary = paid(months(6), [-90_000] * 6), paid(months(6), [90_000] * 6)
    dollars = rent.with_columns(pl.lit("USD").alias("currency"))
    found = series(pl.concat([rent, salary, dollars]), date(2023, 6, 30))
    assert sorted(tuple(rows) for rows in found["rows"].to_list()) == [
        (0, 1, 2, 3, 4, 5), (6, 7, 8, 9, 10, 11), (12, 13, 14, 15, 16, 17),
    ]  # fmt: skip
    assert series(rent, date(2023, 2, 1)).height == 0


def test_held_out_generated_statements_are_read_well():
    """Seeds below 1,000 served to choose the thresholds; these did not."""
    score = evaluate(range(2000, 2002))
    assert score.true > 50
    assert score.precision >= 0.97, score
    assert score.recall >= 0.9, score


def test_xero_rows_are_refused():
    frame = paid(months(6), [-1] * 6).with_columns(pl.lit("xero").alias("provider"))
    for function in (series, recurring):
        with pytest.raises(ForbiddenError):
            function(frame, date(2023, 7, 1))


def test_a_series_that_paused_is_one_and_counts_what_it_missed():
    days = [MONTHLY.after(date(2023, 1, 15), n) for n in (0, 1, 2, 3, 8, 9, 10, 11)]
    (found,) = series(paid(days, [-1_000] * 8), date(2023, 12, 20)).to_dicts()
    assert (found["cadence"], found["rows"], found["missed"]) == ("monthly", list(range(8)), 4)


def test_two_subscriptions_of_one_payee_stay_two():
    frame = pl.concat([paid(months(8, day=3), [-1_499] * 8), paid(months(8, day=17), [-2_999] * 8)])
    found = series(frame, date(2023, 9, 1))
    assert sorted(found["rows"].to_list()) == [list(range(8)), list(range(8, 16))]
    same = pl.concat([paid(months(8, day=3), [-999] * 8), paid(months(8, day=9), [-999] * 8)])
    assert sorted(series(same, date(2023, 9, 1))["rows"].to_list()) == [
        list(range(8)), list(range(8, 16)),
    ]  # fmt: skip


def test_a_weekly_bill_that_varies_and_strays_is_found():
    strays = (0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 0)
    days = [date(2024, 1, 3) + timedelta(days=7 * n + off) for n, off in enumerate(strays)]
    amounts = [-(10_000 + (n * 37 % 101 - 50) * 15) for n in range(16)]
    (found,) = series(paid(days, amounts), days[-1]).to_dicts()
    assert (found["cadence"], found["rows"]) == ("weekly", list(range(16)))
