"""On which days do banks book? Not on weekends, nor on holidays of the euro or the dollar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_ONE = timedelta(days=1)


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    rest = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * rest) // 451
    month, day = divmod(h + rest - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _weekday_of_month(year: int, month: int, weekday: int, number: int) -> date:
    """The first (1), second, ... or last (-1) given weekday of a month."""
    if number < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - _ONE
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    """A federal holiday on a Sunday is kept on Monday; on a Saturday banks open on Friday."""
    return day + _ONE if day.weekday() == 6 else day


@lru_cache(maxsize=256)
def holidays(currency: str, year: int) -> frozenset[date]:
    """The days of a year, weekends aside, on which transfers in a currency rest."""
    if currency == "usd":
        fixed = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
        floating = ((1, 0, 3), (2, 0, 3), (5, 0, -1), (9, 0, 1), (10, 0, 2), (11, 3, 4))
        return frozenset(
            [_observed(date(year, month, day)) for month, day in fixed]
            + [_weekday_of_month(year, *place) for place in floating]
        )
    sunday = easter(year)
    return frozenset({
        date(year, 1, 1), sunday - 2 * _ONE, sunday + _ONE, date(year, 5, 1),
        date(year, 12, 25), date(year, 12, 26),
    })  # fmt: skip


def is_bank_day(on: date, currency: str) -> bool:
    """Whether banks book transfers in a currency on a day."""
    return on.weekday() < 5 and on not in holidays(currency, on.year)


def bank_day(on: date, currency: str) -> date:
    """The first bank day from a day on."""
    while not is_bank_day(on, currency):
        on += _ONE
    return on


def add_bank_days(on: date, number: int, currency: str) -> date:
    """The bank day so many bank days after a day."""
    for _ in range(number):
        on = bank_day(on + _ONE, currency)
    return on


def bank_days_between(begin: date, end: date, currency: str) -> int:
    """How many bank days lie after `begin` up to and with `end`."""
    days = (end - begin).days
    return sum(is_bank_day(begin + number * _ONE, currency) for number in range(1, days + 1))
