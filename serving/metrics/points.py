"""How do a metric's daily sums become points? Bucketed, carried forward, divided: whole numbers.

Amounts stay apart by currency, or are converted day by day before anything is added up
(`serving.metrics.rates`); what no rate is known for stands beside the point that lacks it. Nothing
here rounds but a conversion and, at the very end, a quotient.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from operator import itemgetter
from typing import Any

from core.money import format_minor
from serving.metrics.rates import Rates
from serving.metrics.registry import Metric

RATIO_PLACES = 6
Group = tuple[str, ...]  # the currency, then the cuts


@dataclass(frozen=True, slots=True)
class Sums:
    """Numerator and denominator of a point; the denominator of a plain sum is 0.

    `standing` is what a day adds to what the intervals after it begin with.
    """

    value: int = 0
    base: int = 0
    standing: int = 0

    def plus(self, value: int, base: int, standing: int = 0) -> "Sums":
        """Return the sums with another day's added."""
        return Sums(self.value + value, self.base + base, self.standing + standing)


@dataclass(frozen=True, slots=True)
class Point:
    """One interval of one group.

    Attributes:
        starts_on: The interval's first day.
        group: The currency, then the cuts.
        sums: What is known of it in that currency.
        unconverted: What is not in the sums, by currency; of a ratio what it divides by.
        is_known: Whether anything is in the sums; if all is unconverted, they are no zero.
    """

    starts_on: date
    group: Group
    sums: Sums
    unconverted: Mapping[str, int] = field(default_factory=dict)
    is_known: bool = True


@dataclass(slots=True)
class _Adding:
    """A point while it is added up."""

    sums: Sums = Sums()
    unconverted: dict[str, int] = field(default_factory=dict)
    is_known: bool = False

    def add(
        self, metric: Metric, sums: Sums, currency: str, day: date, rates: Rates | None
    ) -> None:
        """Add what is known of a currency, at a day's rate; without one that is told."""
        converted = sums if rates is None else _converted(metric, sums, currency, day, rates)
        if converted is None:
            missing = sums.base if metric.unit == "ratio" else sums.value
            self.unconverted[currency] = self.unconverted.get(currency, 0) + missing
        else:
            self.sums = self.sums.plus(converted.value, converted.base)
            self.is_known |= bool(sums.value or sums.base)


def points_of(
    metric: Metric,
    rows: Iterable[Mapping[str, Any]],
    by: Sequence[str],
    starts: Sequence[date],
    until: date,
    rates: Rates | None,
) -> list[Point]:
    """Return a metric's points, by interval and group.

    A flow has a point where something happened, a stock from its first change on, a span all (of a
    group of which something is told in them, or stood before).
    """
    days: dict[Group, dict[date, Sums]] = defaultdict(dict)
    ends = [*(start - timedelta(days=1) for start in starts[1:]), until - timedelta(days=1)]
    for row in rows:
        cuts = tuple(row[f"cut_{name}"] for name in by)
        held = days[(row["cut_currency"], *cuts)]
        held[row["cut_day"]] = Sums(row["sum_value"], row["sum_base"], row.get("sum_standing", 0))
    points: dict[tuple[date, Group], _Adding] = defaultdict(_Adding)
    for (currency, *others), held in days.items():
        target = currency if rates is None else rates.target
        for place, sums in _by_interval(metric, held, starts):
            point = points[starts[place], (target, *others)]
            if rates is None or metric.kind != "flow":
                point.add(metric, sums, currency, ends[place], rates)
                continue
            for day, own in held.items():  # each at its own rate
                if bisect_right(starts, day) - 1 == place:
                    point.add(metric, own, currency, day, rates)
    return [
        Point(start, group, one.sums, one.unconverted, one.is_known or not one.unconverted)
        for (start, group), one in sorted(points.items(), key=itemgetter(0))
    ]


def unconverted_of(metric: Metric, points: Sequence[Point]) -> dict[str, int]:
    """Return what is in no value of an answer, by currency: of what stands, at its last end."""
    last = max((point.starts_on for point in points), default=None)
    found: dict[str, int] = {}
    for point in points:
        if not metric.stands or point.starts_on == last:
            for currency, minor in point.unconverted.items():
                found[currency] = found.get(currency, 0) + minor
    return found


def _by_interval(
    metric: Metric, held: Mapping[date, Sums], starts: Sequence[date]
) -> list[tuple[int, Sums]]:
    """Return each interval's sums, by its place in `starts`."""
    found: dict[int, Sums] = {}
    before = Sums()
    for day, sums in sorted(held.items()):
        place = bisect_right(starts, day) - 1
        if place < 0:  # before the first interval: what a stock begins with
            before = before.plus(sums.value, sums.base, sums.standing)
        else:
            own = found.get(place, Sums())
            found[place] = own.plus(sums.value, sums.base, sums.standing)
    if metric.kind == "span":
        return _spans(metric, found, before.standing, len(starts))
    if metric.kind == "flow":
        return sorted(found.items())
    first = 0 if before != Sums() else min(found, default=len(starts))
    carried = []
    for place in range(first, len(starts)):
        moved = found.get(place, Sums())
        before = before.plus(moved.value, moved.base)
        carried.append((place, before))
    return carried


def _spans(
    metric: Metric, found: Mapping[int, Sums], standing: int, places: int
) -> list[tuple[int, Sums]]:
    """Return what every interval adds to what stood at its begin."""
    if not found and not standing:
        return []
    spans = []
    for place in range(places):
        own = found.get(place, Sums())
        value, base = (standing if part in metric.stands_in else 0 for part in ("value", "base"))
        spans.append((place, Sums(own.value + value, own.base + base)))
        standing += own.standing
    return spans


def _converted(metric: Metric, sums: Sums, currency: str, day: date, rates: Rates) -> Sums | None:
    """Convert what is money of two sums; None without a rate."""
    if metric.unit == "count" or metric.of == "count":
        return sums
    value = rates.convert(sums.value, currency, day)
    base: int | None = sums.base
    if metric.unit == "ratio":
        base = rates.convert(sums.base, currency, day)
    return None if value is None or base is None else Sums(value, base)


def shown(metric: Metric, sums: Sums, currency: str) -> tuple[str | None, int | None]:
    """Return a value as text, and in minor units where it is money; None for something over 0."""
    if metric.unit == "count":
        return str(sums.value), None
    if metric.unit == "money":
        return format_minor(sums.value, currency), sums.value
    if sums.base == 0:
        return None, None
    if metric.unit == "money_per":
        each = half_up(Fraction(sums.value, sums.base))
        return format_minor(each, currency), each
    scaled = half_up(Fraction(sums.value * 10**RATIO_PLACES, sums.base))
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled)).rjust(RATIO_PLACES + 1, "0")
    return f"{sign}{digits[:-RATIO_PLACES]}.{digits[-RATIO_PLACES:]}", None


def half_up(number: Fraction) -> int:
    """Round to a whole number, a half away from zero."""
    doubled = 2 * abs(number.numerator) + number.denominator
    whole = doubled // (2 * number.denominator)
    return whole if number >= 0 else -whole
