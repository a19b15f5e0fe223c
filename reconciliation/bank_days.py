"""How many bank days lie between two days? Not weekends, nor holidays of the currency's banks.

Dollars rest on the Federal Reserve's holidays, euro on TARGET's, pounds on those of England and
Wales. Of other currencies only weekends are known, which makes their windows a day or two narrower
around holidays.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)


def easter(year: int) -> date:
    """Easter Sunday, after Gauss with Lichtenberg's exceptions."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    golden = year % 19
    seed = (19 * golden + moon) % 30
    correction = (seed + golden // 11) // 29
    full_moon = 21 + seed - correction
    first_sunday = 7 - (year + year // 4 + sun) % 7
    after = 7 - (full_moon - first_sunday) % 7
    return date(year, 3, 1) + (full_moon + after - 1) * DAY


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The first, second, … given weekday of a month; the last one where `number` is 0."""
    if number == 0:
        end = date(year + month // 12, month % 12 + 1, 1) - DAY
        return end - (end.weekday() - weekday) % 7 * DAY
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (number - 1)) * DAY


@lru_cache(maxsize=512)
def holidays(currency: str, year: int) -> frozenset[date]:
    """The days of a year on which transfers in a currency rest, weekends aside."""
    sunday = easter(year)
    if currency == "USD":
        fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
        moving = [(1, 0, 3), (2, 0, 3), (5, 0, 0), (9, 0, 1), (10, 0, 2), (11, 3, 4)]
        days = [date(year, month, day) for month, day in fixed]
        # On a Sunday they move to Monday; on a Saturday the banks are open on Friday.
        kept = [day + DAY if day.weekday() == 6 else day for day in days]
        return frozenset(kept + [_nth(year, *place) for place in moving])
    if currency == "EUR":
        fixed_days = [date(year, month, day) for month, day in ((1, 1), (5, 1), (12, 25), (12, 26))]
        return frozenset([*fixed_days, sunday - 2 * DAY, sunday + DAY])
    if currency == "GBP":
        moving_days = [_nth(year, 5, 0, 1), _nth(year, 5, 0, 0), _nth(year, 8, 0, 0)]
        rests = [sunday - 2 * DAY, sunday + DAY, *moving_days]
        for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
            while day.weekday() > 4 or day in rests:
                day += DAY  # noqa: PLW2901 - the substitute day
            rests.append(day)
        return frozenset(rests)
    return frozenset()


@lru_cache(maxsize=512)
def _counts(currency: str, year: int) -> tuple[int, ...]:
    """For each day of a year how many bank days it has had by then, the day included."""
    found, number, day = [], 0, date(year, 1, 1)
    rests = holidays(currency, year)
    while day.year == year:
        number += day.weekday() < 5 and day not in rests
        found.append(number)
        day += DAY
    return tuple(found)


@lru_cache(maxsize=512)
def _before(currency: str, year: int) -> int:
    """How many bank days there were since 2000 before a year."""
    if year <= 2000:
        return 0
    return _before(currency, year - 1) + _counts(currency, year - 1)[-1]


@lru_cache(maxsize=65_536)
def number_of(on: date, currency: str) -> int:
    """The running number of a bank day; of a day of rest, the number of the next bank day."""
    day = next_bank_day(on, currency)
    place = (day - date(day.year, 1, 1)).days
    return _before(currency, day.year) + _counts(currency, day.year)[place]


def is_bank_day(on: date, currency: str) -> bool:
    """Whether banks book transfers in a currency on a day."""
    return on.weekday() < 5 and on not in holidays(currency, on.year)


def next_bank_day(on: date, currency: str) -> date:
    """The first bank day from a day on."""
    while not is_bank_day(on, currency):
        on += DAY
    return on


def bank_days_late(expected_on: date, booked_on: date, currency: str) -> int:
    """How many bank days after the expected one a day is; negative where it is before."""
    return number_of(booked_on, currency) - number_of(expected_on, currency)
