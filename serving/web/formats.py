"""How are amounts, shares, counts and moments written on pages? In English, exactly, in UTC."""

from datetime import datetime, timedelta

from babel import Locale

from core.money import Money
from recovery.messages.facts import money as written

_ENGLISH = Locale("en")


def money(amount_minor: int, currency: str) -> str:
    """Return an amount with its currency and all of its decimals: `€49.00`, `¥500`."""
    return written(Money(amount_minor, currency), _ENGLISH)


def percent(share: float, decimals: int = 1) -> str:
    """Return a share of one in hundredths: `41.7 %`."""
    return f"{share * 100:.{decimals}f}\N{NO-BREAK SPACE}%"


def count(number: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}"


def moment(at: datetime) -> str:
    """Return a moment to the minute: `3 May 2024, 12:00`."""
    return f"{at:%-d %b %Y, %H:%M}"


def distance(length: timedelta) -> str:
    """Return how long something is, in its largest unit: `3 days`, `1 hour`."""
    seconds = int(abs(length).total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}" + ("" if number == 1 else "s")
    return "less than a minute"


def toward(at: datetime, now: datetime) -> str:
    """Return where a moment lies from now: `in 3 days`, `2 hours ago`."""
    said = distance(at - now)
    return f"in {said}" if at > now else f"{said} ago"


FILTERS = {
    "money": money,
    "percent": percent,
    "count_of": count,
    "moment": moment,
    "distance": distance,
    "toward": toward,
}
