"""How do changes become balances by day? Carried forward over quiet days, by integer arithmetic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from core.money import format_minor
from serving.balances.schemas import Balance, BalanceHistory, DayBalance

_PLACE = ("account_id", "provider", "connection_id", "currency")


def balance_of(row: Mapping[str, Any], **more: Any) -> Balance:
    """Return the shape of one row."""
    currency = row["currency"]
    return Balance(
        balance=format_minor(row["balance_minor"], currency),
        available=format_minor(row["available_minor"], currency),
        **row,
        **more,
    )


def histories(
    changes: Iterable[Mapping[str, Any]], since: date, until: date
) -> list[BalanceHistory]:
    """Return the balances of [since, until) from all changes before `until`, ordered by day."""
    by_place: dict[tuple[str, ...], dict[date, int]] = defaultdict(dict)
    for row in changes:
        by_place[tuple(row[name] for name in _PLACE)][row["day"]] = row["change_minor"]
    return [
        BalanceHistory(
            **dict(zip(_PLACE, place, strict=True)), days=_days(days, since, until, place[-1])
        )
        for place, days in by_place.items()
    ]


def _days(changes: Mapping[date, int], since: date, until: date, currency: str) -> list[DayBalance]:
    balance_minor = sum(change for day, change in changes.items() if day < since)
    shown = []
    for offset in range((until - since).days):
        day = since + timedelta(days=offset)
        change_minor = changes.get(day, 0)
        balance_minor += change_minor
        shown.append(
            DayBalance(
                day=day,
                balance=format_minor(balance_minor, currency),
                balance_minor=balance_minor,
                change=format_minor(change_minor, currency),
                change_minor=change_minor,
            )
        )
    return shown
