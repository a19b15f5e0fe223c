"""Waits and quiet hours on the customer's clock: daylight saving, weekends, short months."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.engine.clocks import quiet_until
from recovery.flows.document import QuietHours
from recovery.flows.waits import Duration, LocalTime, Payday, ends_at, paid_on

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "now", "ends"),
    [
        (Duration(days=2, hours=3), at(2026, 3, 28, 12), at(2026, 3, 30, 15)),
        # Nine in Berlin: before the change of clocks 08:00 UTC, after it 07:00.
        (LocalTime(hour=9), at(2026, 3, 28, 7), at(2026, 3, 28, 8)),
        (LocalTime(hour=9), at(2026, 3, 28, 9), at(2026, 3, 29, 7)),
        # A Friday afternoon: the next working day's nine is Monday's.
        (LocalTime(hour=9, weekdays=("mon", "tue", "wed", "thu", "fri")), at(2026, 3, 27, 15),
         at(2026, 3, 30, 7)),
        (LocalTime(hour=9, after=Duration(days=3)), at(2026, 1, 5, 9), at(2026, 1, 9, 8)),
        # The 31st of a month of 30 days is its 30th; the 15th of August 2026 is a Saturday.
        (Payday(days_of_month=(31,), hour=9), at(2026, 4, 2, 9), at(2026, 4, 30, 7)),
        (Payday(days_of_month=(15,), hour=9), at(2026, 8, 2, 9), at(2026, 8, 14, 7)),
    ],
)  # fmt: skip
def test_a_wait_ends_when_the_customers_clock_says(until, now, ends):
    assert ends_at(until, now, BERLIN) == ends


def test_wages_come_before_weekends_within_their_month():
    assert paid_on(2026, 2, 31) == date(2026, 2, 27)
    assert paid_on(2026, 3, 1) == date(2026, 3, 2), "a Sunday the 1st: the Monday after"
    assert paid_on(2026, 5, 15) == date(2026, 5, 15)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(2026, 1, 10, 19, 59), None),  # 20:59 in Berlin
        (at(2026, 1, 10, 20), at(2026, 1, 11, 7)),
        (at(2026, 1, 11, 6, 59), at(2026, 1, 11, 7)),
        (at(2026, 1, 11, 7), None),
        # The night in which the clock goes forward is an hour shorter.
        (at(2026, 3, 28, 21), at(2026, 3, 29, 6)),
    ],
)
def test_quiet_hours_span_midnight(now, until):
    assert quiet_until(QuietHours(), now, BERLIN) == until


def test_no_hours_are_quiet_where_both_ends_meet():
    assert quiet_until(QuietHours(start_hour=0, end_hour=0), at(2026, 1, 1), UTC_ZONE) is None


@given(
    st.integers(1_704_067_200, 1_893_456_000), st.integers(0, 23),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
)  # fmt: skip
def test_no_wait_ends_before_it_begins_nor_after_its_day(now, hour, name):
    moment = datetime.fromtimestamp(now, UTC)
    ends = ends_at(LocalTime(hour=hour), moment, ZoneInfo(name))
    assert moment <= ends <= moment + timedelta(hours=25)
