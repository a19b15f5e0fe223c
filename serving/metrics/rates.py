"""At which rate is an amount converted, and who says so? The newest one known on its day, exactly.

Rates come from what the data holds: the processor's own conversions (marts.fct_exchange_rates), and
from what the workspace told (`PUT /v1/exchange_rates`), which goes first on its day. A pair may be
known the other way round, or through one third currency. A rate holds until the next one; before
the first there is none, and who asks has to tell what could not be converted.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from core.money import exponent

TOLD = "workspace"


@dataclass(frozen=True, slots=True)
class Rate:
    """What one major unit of `base` was worth in `quote`, from a day on."""

    base: str
    quote: str
    day: date
    rate: Decimal
    source: str
    source_id: str


@dataclass
class Rates:
    """Converts into one currency, and remembers by which rates."""

    target: str
    known: Iterable[Rate]
    used: dict[Rate, None] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], list[Rate]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        by_age = sorted(self.known, key=lambda rate: (rate.day, rate.source == TOLD))
        for rate in by_age:
            self._pairs[rate.base, rate.quote].append(rate)

    def convert(self, amount_minor: int, currency: str, day: date) -> int | None:
        """Return minor units of the target, rounded half up; None where no rate is known."""
        if currency == self.target or amount_minor == 0:
            return amount_minor
        path = self._path(currency, day)
        if path is None:
            return None
        factor, rates = path
        self.used |= dict.fromkeys(rates)
        scale = exponent(self.target) - exponent(currency)
        exact = amount_minor * factor * Fraction(10) ** scale
        whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
        return whole if exact >= 0 else -whole

    def _path(self, currency: str, day: date) -> tuple[Fraction, list[Rate]] | None:
        direct = self._step(currency, self.target, day)
        if direct is not None:
            return direct[0], [direct[1]]
        others = {code for pair in self._pairs for code in pair} - {currency, self.target}
        for other in sorted(others):
            first = self._step(currency, other, day)
            second = self._step(other, self.target, day)
            if first is not None and second is not None:
                return first[0] * second[0], [first[1], second[1]]
        return None

    def _step(self, base: str, quote: str, day: date) -> tuple[Fraction, Rate] | None:
        """Return the newest rate between two currencies on a day, whichever way round."""
        found = [
            rate
            for pair in ((base, quote), (quote, base))
            if (rate := self._newest(pair, day)) is not None
        ]
        if not found:
            return None
        rate = max(found, key=lambda one: (one.day, one.source == TOLD))
        factor = Fraction(rate.rate)
        return (factor if rate.base == base else 1 / factor), rate

    def _newest(self, pair: tuple[str, str], day: date) -> Rate | None:
        rates = self._pairs.get(pair, [])
        place = bisect_right(rates, day, key=lambda rate: rate.day)
        return rates[place - 1] if place else None
