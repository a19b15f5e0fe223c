"""Which exchange rate is plausible? Near what the bank itself has used for a pair of currencies.

Known from deposits that say what was paid in which other currency, or that carry a payout's trace.
Of a pair of which none says so no rate is known, and then an amount alone proves no conversion.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from statistics import median_low

# Currencies of firms' countries move less than this in a few weeks, the bank's margin included.
TOLERANCE = Fraction(4, 100)
_NEAREST = 9


@dataclass(frozen=True, slots=True)
class Rates:
    """Minor units received per minor unit paid, by pair of currencies, oldest first."""

    seen: Mapping[tuple[str, str], tuple[tuple[date, Fraction], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[tuple[str, str, date, int, int]]) -> Rates:
        """Take known conversions: (paid in, received in, day, paid, received)."""
        found: dict[tuple[str, str], list[tuple[date, Fraction]]] = {}
        for paid_in, received_in, on, paid, received in known:
            if paid and received:
                rate = abs(Fraction(received, paid))
                found.setdefault((paid_in, received_in), []).append((on, rate))
        return cls({pair: tuple(sorted(rates)) for pair, rates in found.items()})

    def near(self, paid_in: str, received_in: str, on: date) -> Fraction | None:
        """The middle one of the rates nearest to a day; None where the pair is not known."""
        rates = self.seen.get((paid_in, received_in))
        if not rates:
            return None
        place = bisect_left(rates, (on, Fraction(0)))
        begin = min(max(place - _NEAREST // 2, 0), max(len(rates) - _NEAREST, 0))
        return median_low([rate for _, rate in rates[begin : begin + _NEAREST]])
