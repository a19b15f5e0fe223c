"""When do the company's periods begin and end?

Month arithmetic and business days on epoch seconds, UTC.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

DAY = 86_400
_EPOCH = date(1970, 1, 1)


def add_months(at: int, months: int) -> int:
    """The same day and time some months later, clamped to the month's last day."""
    moment = datetime.fromtimestamp(at, UTC)
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def midnight(on: date) -> int:
    """The first second of a day."""
    return (on - _EPOCH).days * DAY


def day_of(at: int) -> date:
    """The day that a moment falls on."""
    return _EPOCH + timedelta(days=at // DAY)


def month_of(at: int) -> str:
    """The month that a moment falls in, as `2026-03`."""
    return day_of(at).isoformat()[:7]


def business_day(day_number: int) -> int:
    """The first day from `day_number` on (days since the epoch) that is no Saturday or Sunday."""
    weekday = (day_number + 3) % 7  # 1970-01-01 was a Thursday: Monday is 0.
    return day_number + (7 - weekday if weekday >= 5 else 0)
