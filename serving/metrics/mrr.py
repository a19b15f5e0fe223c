"""How does a request become a series of MRR? Its bounds, the movements, one series per currency."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from fastapi import Response

from core.errors import InvalidInputError
from serving.auth.scope import TenantScope
from serving.caching import cached_model
from serving.metrics import queries
from serving.metrics.schemas import Mrr, series_of
from serving.metrics.series import Interval, Movement, interval_start, series
from serving.times import refuse_turned_round

MAXIMUM_POINTS = 2_000
# What is shown when nobody says how much: the last quarter, two years, five years.
USUAL_POINTS: dict[Interval, int] = {"day": 90, "week": 104, "month": 60}
_SHORTEST_DAYS: dict[Interval, int] = {"day": 1, "week": 7, "month": 28}


def recurring_revenue(
    scope: TenantScope,
    *,
    today: date,
    since: date | None,
    until: date | None,
    currency: str | None,
    interval: Interval,
) -> Response:
    """Answer with MRR from `since` to before `until` (or tomorrow).

    Without `since` it begins with the first movement, but shows `USUAL_POINTS` at most.

    Raises:
        InvalidInputError: The bounds are reversed, or hold more points than an answer may.
    """
    end = min(until or date.max, today + timedelta(days=1))  # nobody knows the MRR of tomorrow
    refuse_turned_round(since, until)
    asked = {"until": end, "currency": currency or ""}

    def make() -> Mrr:
        return _computed(scope.rows(queries.MOVEMENTS, asked), since, end, interval)

    named = asked | {"since": since, "interval": interval}
    return cached_model(scope, "get_mrr", named, queries.NEWEST, make)


def _computed(rows: list[dict[str, Any]], since: date | None, end: date, interval: Interval) -> Mrr:
    movements: dict[str, list[Movement]] = defaultdict(list)
    for row in rows:
        movements[row.pop("currency")].append(Movement(**row))
    days = [movement.moved_on for moved in movements.values() for movement in moved]
    start = since or max(min(days, default=end), usual_start(end, interval))
    if (end - start).days > MAXIMUM_POINTS * _SHORTEST_DAYS[interval]:
        raise InvalidInputError(
            f"That is more than {MAXIMUM_POINTS} points.",
            next_step="Ask for a shorter time, or a longer interval.",
        )
    return Mrr(
        interval=interval,
        data=[
            series_of(code, series(moved, start, end, interval))
            for code, moved in movements.items()
        ],
    )


def usual_start(end: date, interval: Interval) -> date:
    """Return the first day of the last `USUAL_POINTS` intervals before `end`."""
    last = end - timedelta(days=1)
    if interval == "month":
        months = last.year * 12 + last.month - USUAL_POINTS["month"]
        return date(months // 12, months % 12 + 1, 1)
    start = interval_start(last, interval)
    return start - timedelta(days=(USUAL_POINTS[interval] - 1) * _SHORTEST_DAYS[interval])
