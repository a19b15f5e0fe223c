"""May one look every day? A confidence sequence: right at all looks at once, not at one.

The mixture sequential probability ratio test with a normal mixture (Robbins 1970; Johari, Pekelis
and Walsh 2015): the difference is told from zero the first time that the sequence leaves zero out,
and over all looks a difference that is not there is "found" in at most `alpha` of experiments.
The price is width: about 1.3 to 1.6 times the interval of a single look.
"""

import math
from statistics import NormalDist

from recovery.experiments.arms import WHOLE, Experiment
from recovery.experiments.proportions import CONFIDENCE, Interval
from recovery.experiments.units import Tally

# Below, a count is no normal variable yet, and the sequence says nothing.
FEWEST_OF_EACH_OUTCOME = 10


def is_readable(*arms: Tally) -> bool:
    """Tell whether every arm has seen enough of both outcomes."""
    return all(min(arm.recovered, arm.lost) >= FEWEST_OF_EACH_OUTCOME for arm in arms)


def confidence_sequence(
    experiment: Experiment, treated: Tally, control: Tally, confidence: float = CONFIDENCE
) -> Interval:
    """Return bounds that hold the true difference at every look, with that probability overall.

    Only to be read where `is_readable` says so.
    """
    difference = treated.rate - control.rate
    half = half_width(_variance(treated) + _variance(control), experiment.effect, 1 - confidence)
    return Interval(difference, difference - half, difference + half)


def half_width(variance: float, effect: float, alpha: float) -> float:
    """Return how far the sequence reaches at a variance of the difference.

    The mixture's standard deviation is the effect that the experiment is made to see.
    """
    ratio = 1 + effect * effect / variance
    return math.sqrt(
        2 * variance * ratio / (ratio - 1) * math.log(math.sqrt(ratio) / alpha),
    )


def units_needed(
    experiment: Experiment, rate: float, *, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return how many matured customers, of all arms, show the effect in every arm that has it.

    Args:
        experiment: Its effect and its shares.
        rate: What the holdout recovers.
        alpha: The false positives that are allowed, of each arm.
        power: How often the effect is found by then, looking every day.
    """
    shares = {arm.name: arm.share / WHOLE for arm in experiment.arms}
    held = shares.pop(experiment.holdout)
    better = min(rate + experiment.effect, 1.0)
    spread = better * (1 - better) / min(shares.values()) + rate * (1 - rate) / held
    margin = NormalDist().inv_cdf(power)
    few, many = 1, 1 << 40
    while few < many:
        units = (few + many) // 2
        variance = spread / units
        reach = half_width(variance, experiment.effect, alpha) + margin * math.sqrt(variance)
        if reach <= experiment.effect:
            many = units
        else:
            few = units + 1
    return few


def _variance(counted: Tally) -> float:
    # One more of each outcome: an early run of luck must not look like certainty.
    rate = (counted.recovered + 1) / (counted.units + 2)
    return rate * (1 - rate) / max(counted.units, 1)
