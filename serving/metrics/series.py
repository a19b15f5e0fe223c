"""How do movements become a series? Summed per interval, carried forward over quiet days.

Pure integer arithmetic: a point's MRR is the point's before plus its movements, exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Interval = Literal["day", "week", "month"]
Kind = Literal["new", "expansion", "contraction", "churn", "reactivation"]


@dataclass(frozen=True, slots=True)
class Movement:
    """What happened to MRR on a day, of one kind, over all customers."""

    moved_on: date
    kind: Kind
    delta_minor: int
    customers: int


@dataclass(frozen=True, slots=True)
class Sum:
    """The movements of one kind within an interval."""

    delta_minor: int = 0
    customers: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """MRR at the end of an interval, and what moved it there."""

    starts_on: date
    mrr_minor: int
    movements: Mapping[Kind, Sum]


def interval_start(day: date, interval: Interval) -> date:
    """Return the first day of the day's interval; weeks start on Monday."""
    if interval == "day":
        return day
    return day - timedelta(days=day.weekday()) if interval == "week" else day.replace(day=1)


def interval_starts(since: date, until: date, interval: Interval) -> Iterator[date]:
    """Yield the first day of every interval that overlaps [since, until)."""
    start = interval_start(since, interval)
    while since < until and start < until:
        yield start
        step = {"day": 1, "week": 7, "month": 32}[interval]
        start = interval_start(start + timedelta(days=step), interval)


def series(
    movements: Iterable[Movement], since: date, until: date, interval: Interval
) -> list[Point]:
    """Return one point per interval of [since, until), from all movements before `until`."""
    first = interval_start(since, interval)
    mrr_minor = 0
    sums: dict[date, dict[Kind, Sum]] = defaultdict(dict)
    for movement in movements:
        if movement.moved_on < first:
            mrr_minor += movement.delta_minor
            continue
        kinds = sums[interval_start(movement.moved_on, interval)]
        before = kinds.get(movement.kind, Sum())
        kinds[movement.kind] = Sum(
            before.delta_minor + movement.delta_minor, before.customers + movement.customers
        )
    points = []
    for start in interval_starts(since, until, interval):
        kinds = sums.get(start, {})
        mrr_minor += sum(moved.delta_minor for moved in kinds.values())
        points.append(Point(start, mrr_minor, kinds))
    return points
