"""How much more cash came in? The difference per customer, by the studentized bootstrap.

Settled cash is mostly nothing, sometimes a little, rarely a lot: no normal curve. The bootstrap-t
(Efron and Tibshirani, An Introduction to the Bootstrap, chapter 12) learns the skew from the data
and keeps nearer to 95 % than "mean plus or minus 1.96 errors". One currency at a time: amounts of
two currencies are not added. The same data give the same bounds: the seed is part of the call.
"""

from dataclasses import dataclass

import numpy as np

from recovery.experiments.proportions import CONFIDENCE, Interval
from recovery.experiments.units import Floats

RESAMPLES = 1999
# Fewer say too little about the tail that carries the money.
FEWEST_UNITS = 100
FEWEST_RECOVERED = 30


@dataclass(frozen=True, slots=True)
class CashLift:
    """What an arm brought in beyond the holdout, in one currency, in minor units.

    `per_unit` is the mean difference per customer; `total` is that over all of the arm's matured
    customers, in whole minor units. `treated_minor` and `control_minor` are exact sums.
    """

    currency: str
    treated_units: int
    treated_minor: int
    control_units: int
    control_minor: int
    per_unit: Interval | None

    @property
    def total(self) -> tuple[int, int, int] | None:
        """Estimate and bounds of the whole arm's additional cash; None where nothing is said."""
        if self.per_unit is None:
            return None
        parts = (self.per_unit.estimate, self.per_unit.lower, self.per_unit.upper)
        estimate, lower, upper = (round(part * self.treated_units) for part in parts)
        return estimate, lower, upper


def cash_lift(currency: str, treated: Floats, control: Floats, *, seed: int) -> CashLift:
    """Compare what settled per customer; the interval is None where the data are too few."""
    enough = all(
        arm.size >= FEWEST_UNITS and np.count_nonzero(arm > 0) >= FEWEST_RECOVERED
        for arm in (treated, control)
    )
    return CashLift(
        currency=currency,
        treated_units=treated.size,
        treated_minor=int(treated.sum()),
        control_units=control.size,
        control_minor=int(control.sum()),
        per_unit=bootstrap_t(treated, control, seed=seed) if enough else None,
    )


def bootstrap_t(
    treated: Floats,
    control: Floats,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the interval of the mean difference; each arm has two different values or more."""
    generator = np.random.default_rng(seed)
    means, errors = zip(
        *(_resampled(arm, resamples, generator) for arm in (treated, control)), strict=True
    )
    difference = float(treated.mean() - control.mean())
    error = float(np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in (treated, control))))
    spread = np.sqrt(errors[0] + errors[1])
    # A resample of one value repeated has no error to divide by; it says nothing.
    usable = spread > 0
    distances = (means[0] - means[1] - difference)[usable] / spread[usable]
    low, high = np.quantile(distances, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(difference, difference - float(high) * error, difference - float(low) * error)


def _resampled(
    values: Floats, resamples: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return each resample's mean and squared standard error.

    Drawing how often each different value occurs is drawing the resample, and cheap where many
    customers pay one of a few prices, or nothing.
    """
    different, counts = np.unique(values, return_counts=True)
    drawn = generator.multinomial(values.size, counts / values.size, size=resamples)
    means = drawn @ different / values.size
    squares = drawn @ (different * different) / values.size
    return means, np.maximum(squares - means * means, 0) / (values.size - 1)
