"""How do booking lines and reports become balances? In integers, carried over quiet days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from core.money import format_minor
from serving.balances.schemas import Balance, BalanceHistory, BalanceType, DayBalance

_PLACE = ("account_id", "provider", "connection_id", "currency")
# Which of a bank's figures is the balance, where it reports several.
_BEST: tuple[BalanceType, ...] = ("booked", "expected", "available")
_Place = tuple[str, ...]


def ledger_balances(rows: Iterable[Mapping[str, Any]], at: datetime) -> Iterator[Balance]:
    """Yield what booking lines come to."""
    for row in rows:
        yield Balance(
            **_place(_place_of(row)), **_amounts(row["currency"], "balance", row["balance_minor"]),
            **_amounts(row["currency"], "available", row["available_minor"]),
            limit=None, limit_minor=None, at=at, balance_type="booked", basis="ledger",
            reported_at=None,
        )  # fmt: skip


def reported_balances(rows: Iterable[Mapping[str, Any]], at: datetime) -> Iterator[Balance]:
    """Yield what banks reported last, of rows by type."""
    reports: dict[_Place, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for row in rows:
        reports[_place_of(row)][row["type"]] = row
    for place, by_type in reports.items():
        best = next((name for name in _BEST if name in by_type), None)
        if best is None:
            continue  # a credit line alone is no balance
        amounts = {name: row["amount_minor"] for name, row in by_type.items()}
        yield Balance(
            **_place(place), **_amounts(place[-1], "balance", amounts[best]),
            **_amounts(place[-1], "available", amounts.get("available")),
            **_amounts(place[-1], "limit", amounts.get("limit")),
            at=at, balance_type=best, basis="reported", reported_at=by_type[best]["reported_at"],
        )  # fmt: skip


def ledger_histories(
    changes: Iterable[Mapping[str, Any]], since: date, until: date
) -> Iterator[BalanceHistory]:
    """Yield the balances of [since, until) from all changes before `until`, ordered by day."""
    by_place: dict[_Place, dict[date, int]] = defaultdict(dict)
    for row in changes:
        by_place[_place_of(row)][row["day"]] = row["change_minor"]
    for place, days in by_place.items():
        ends, balance_minor = {}, 0
        for day in sorted(days):
            balance_minor += days[day]
            ends[day] = balance_minor
        # Nothing is booked before the first line: the balance was nothing, and every day is known.
        shown = _days(ends, since, until, place[-1], before_first=0)
        yield BalanceHistory(
            **_place(place), balance_type="booked", basis="ledger",
            days=[day.model_copy(update={"is_carried": False}) for day in shown],
        )  # fmt: skip


def reported_histories(
    rows: Iterable[Mapping[str, Any]], since: date, until: date
) -> Iterator[BalanceHistory]:
    """Yield the balances of [since, until) from all reports before `until`."""
    reports: dict[_Place, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        reports[_place_of(row)][row["type"]][row["day"]] = row["amount_minor"]
    for place, by_type in reports.items():
        best = next(name for name in _BEST if name in by_type)
        yield BalanceHistory(
            **_place(place), balance_type=best, basis="reported",
            days=list(_days(by_type[best], since, until, place[-1], before_first=None)),
        )  # fmt: skip


def _days(
    ends: Mapping[date, int], since: date, until: date, currency: str, *, before_first: int | None
) -> Iterator[DayBalance]:
    earlier = [day for day in ends if day < since]
    balance = ends[max(earlier)] if earlier else before_first
    for offset in range((until - since).days):
        day, before = since + timedelta(days=offset), balance
        balance = ends.get(day, before)
        if balance is None:
            continue  # before the first report
        change = None if before is None else balance - before
        yield DayBalance(
            day=day, is_carried=day not in ends, **_amounts(currency, "balance", balance),
            **_amounts(currency, "change", change),
        )  # fmt: skip


def _place_of(row: Mapping[str, Any]) -> _Place:
    return tuple(row[name] for name in _PLACE)


def _place(place: _Place) -> dict[str, str]:
    return dict(zip(_PLACE, place, strict=True))


def _amounts(currency: str, name: str, amount_minor: int | None) -> dict[str, Any]:
    shown = None if amount_minor is None else format_minor(amount_minor, currency)
    return {name: shown, f"{name}_minor": amount_minor}
