"""How far apart are two recovery rates? Newcombe's interval, from Wilson's.

R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics
in Medicine 17 (1998), method 10. It stays within -1 and 1 and keeps its 95 % where the textbook
interval does not: small holdouts, rates near 0 or 1.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from recovery.experiments.units import Tally

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds."""

    estimate: float
    lower: float
    upper: float

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within the bounds."""
        return self.lower <= value <= self.upper


def quantile(confidence: float) -> float:
    """Return how many standard errors a two-sided interval reaches to each side."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(counted: Tally, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of one rate; from 0 to 1 where nobody was counted."""
    if not counted.units:
        return Interval(0.0, 0.0, 1.0)
    z, n, rate = quantile(confidence), counted.units, counted.rate
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # The bounds at 0 and at n are exact; rounding must not move them.
    lower = 0.0 if counted.recovered == 0 else middle - half
    upper = 1.0 if counted.recovered == n else middle + half
    return Interval(rate, lower, upper)


def newcombe(treated: Tally, control: Tally, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the treated rate less the control's."""
    ours, theirs = wilson(treated, confidence), wilson(control, confidence)
    difference = ours.estimate - theirs.estimate
    below = math.hypot(ours.estimate - ours.lower, theirs.upper - theirs.estimate)
    above = math.hypot(ours.upper - ours.estimate, theirs.estimate - theirs.lower)
    return Interval(difference, difference - below, difference + above)
