"""When is a connection's day unusual? Hand-made days, and what must hold for any days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.activity import DAYS, Series, evaluate_activity, is_beyond, reasons, silence

LAST = date(2026, 11, 18)  # a Wednesday


def series(rows: list[int], moved: list[int] | None = None, currency: str = "EUR") -> Series:
    """Return a connection that was watched all the time."""
    amounts = moved or [1_000 * n for n in rows]
    return Series("ws|conn", currency, LAST, LAST - timedelta(400), rows, amounts)


def weeks(today: int, workday: int, weekend: int) -> list[int]:
    """Return days that repeat, before a last one."""
    days = [LAST - timedelta(ago) for ago in range(1, DAYS + 1)]
    return [today, *(weekend if day.weekday() >= 5 else workday for day in days)]


@pytest.mark.parametrize("today", [0, 8, 10, 15, 25])
def test_a_day_near_the_usual_is_usual(today: int):
    assert reasons(series(weeks(today, 10, 0))) == []


def test_a_day_far_beyond_all_others_says_so_in_words():
    found = series(weeks(100, 10, 0), [100_000_000, *([50_000] * DAYS)])
    assert reasons(found) == [
        "100 transactions on 2026-11-18; usual are 10 transactions, the most in eight weeks was"
        " 10 transactions",
        "1000000.00 EUR on 2026-11-18; usual are 500.00 EUR, the most in eight weeks was"
        " 500.00 EUR",
    ]
    result = evaluate_activity([found, series(weeks(10, 10, 0))])
    assert (result.passed, result.metadata["compared"].value) == (False, 2)
    assert result.metadata["unusual"].value == 2
    yen = series(weeks(10, 10, 0), [900_000, *([500] * DAYS)], "JPY")
    assert reasons(yen) == [
        "900000 JPY on 2026-11-18; usual are 500 JPY, the most in eight weeks was 500 JPY"
    ]


def test_a_monthly_payroll_alarms_nobody():
    moved = [5_000_000, *([20_000] * DAYS)]
    moved[28] = 5_100_000  # four weeks ago, the same
    assert reasons(series(weeks(10, 10, 0), moved)) == []


# A company card in EUR cents by days ago: two uses a week, and on 2026-11-23 three at once, train,
# a month of advertising and the card's own bill being paid. Weekends are quiet.
CARD = {
    0: 131_931, 3: 3_882, 4: 3_996, 6: 13_841, 12: 4_250, 17: 7_993, 18: 6_000, 19: 4_250,
    26: 9_882, 27: 3_053, 31: 10_887, 33: 46_544, 35: 11_674, 52: 39_349, 56: 10_701,
}  # fmt: skip


def card(last: int, *, on: date = date(2026, 11, 23)) -> Series:
    moved = [CARD.get(ago, 0) for ago in range(DAYS + 1)]
    found = series([int(value > 0) for value in moved], [last, *moved[1:]])
    return replace(found, last=on, watched_since=on)


def test_a_card_that_is_used_now_and_then_may_have_its_bill_paid() -> None:
    assert reasons(card(CARD[0])) == []
    # Five times the most of an active day, 465.44, and a cent.
    assert reasons(card(232_720)) == []
    assert reasons(card(232_721)) == [
        "2327.21 EUR on 2026-11-23; usual are 79.93 EUR, the most in eight weeks was 465.44 EUR"
    ]


def test_a_first_busy_sunday_is_held_to_working_days() -> None:
    sunday = date(2026, 11, 22)
    rows = [(12 if (sunday - timedelta(ago)).weekday() < 5 else 0) for ago in range(DAYS + 1)]
    assert reasons(replace(series([9, *rows[1:]]), last=sunday)) == []
    assert reasons(replace(series([61, *rows[1:]]), last=sunday)) == [
        "61 transactions on 2026-11-22; usual are 12 transactions, the most in eight weeks was"
        " 12 transactions",
        "610.00 EUR on 2026-11-22; usual are 120.00 EUR, the most in eight weeks was 120.00 EUR",
    ]


def test_a_connection_falls_silent_only_while_we_watch():
    rows = [0, 0, 0, 0, 0, 0, *weeks(10, 10, 0)[6:]]
    assert reasons(series(rows)) == [
        "nothing for 6 days up to 2026-11-18; the longest quiet in eight weeks was 2 days"
    ]
    assert silence(series(rows)) == (6, 2)
    assert reasons(replace(series(rows), watched_since=LAST - timedelta(3))) == []


def test_a_short_history_says_nothing():
    assert reasons(series([500, *([1] * 9), *([0] * (DAYS - 9))])) == []


@given(st.lists(st.integers(0, 10**12), min_size=5, max_size=60), st.data())
def test_nothing_within_what_was_seen_is_beyond_it(history: list[int], data: st.DataObject):
    value = data.draw(st.integers(0, max(history)))
    assert not is_beyond(value, history)


@given(st.integers(0, 10**9), st.integers(2, 60))
def test_a_hundredfold_of_a_steady_history_is_beyond_it(usual: int, days: int):
    assert is_beyond(usual * 100 + 100, [usual] * days)
