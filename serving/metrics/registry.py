"""What is a saved metric? A name, what it counts of which mart, and how it may be cut: data alone.

`flow` sums a day's facts; `stock` carries the sum of all days' changes on to the next; `span` sums
a day's facts too, in every interval, and may add them to what stood at the interval's begin:
`standing`, summed over all days before. `base` is what a ratio divides by. Everything here is our
own SQL: a caller only ever names entries of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from serving.metrics.series import Interval

Kind = Literal["flow", "stock", "span"]
# `money_per` is an amount per thing (revenue per customer), `ratio` a number without a unit.
Unit = Literal["money", "count", "ratio", "money_per"]
Part = Literal["value", "base"]
ALL_INTERVALS: tuple[Interval, ...] = ("day", "week", "month")


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: statements are kept by it
class Metric:
    """One saved metric.

    Args:
        name: What callers ask for.
        description: What it is, in a sentence or two.
        unit: What a value is.
        kind: How values add up over time.
        mart: The table that it reads, in full.
        source: The rows to sum, where it is not simply the mart's newest ones.
        where: Which of them.
        day: The day that a row counts for.
        value: What is summed.
        base: What a ratio divides by.
        standing: Of a span, what is carried on from one interval to the next.
        stands_in: What of a span's value and base that is added to.
        words: What `{name}` in the SQL stands for, by the length of the intervals.
        currency: The row's currency.
        dimensions: What it may be cut and filtered by: name to SQL.
        intervals: Lengths of a point.
        of: What a ratio's sums are: its denominator too, but for `money_per`.
    """

    name: str
    description: str
    unit: Unit
    kind: Kind
    mart: str
    value: str
    day: str = ""
    base: str = ""
    standing: str = ""
    stands_in: tuple[Part, ...] = ()
    source: str = ""
    where: str = "true"
    currency: str = "currency"
    dimensions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    intervals: tuple[Interval, ...] = ALL_INTERVALS
    of: Literal["money", "count"] = "money"
    words: Mapping[str, Mapping[Interval, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def is_ratio(self) -> bool:
        """Whether a value is one sum over another."""
        return self.unit in ("ratio", "money_per")

    @property
    def stands(self) -> bool:
        """Whether an interval's value holds what those before it hold: adding them up is wrong."""
        return self.kind == "stock" or bool(self.stands_in)

    @property
    def rows(self) -> str:
        """Return what stands after FROM."""
        return self.source or f"{self.mart} final"

    def worded(self, sql: str, interval: Interval) -> str:
        """Return SQL of the registry as it is for intervals of a length."""
        for name, words in self.words.items():
            sql = sql.replace(f"{{{name}}}", words[interval])
        return sql


def catalog(*metrics: Metric) -> Mapping[str, Metric]:
    """Return metrics by name.

    Raises:
        ValueError: Two have the same name, or a ratio has nothing to divide by.
    """
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found or metric.is_ratio is not bool(metric.base):
            raise ValueError(f"the metric {metric.name} contradicts the registry")
        found[metric.name] = metric
    return MappingProxyType(found)
