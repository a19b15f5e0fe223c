"""Do the bounds keep their word? Simulated experiments whose truth is known, counted.

    interval of a single look   the truth lies within it in 94 to 96 % of experiments
    interval of cash            the same, on amounts as a SaaS firm's invoices have them
    daily looks                 an effect that is not there is "found" in at most 5 % of experiments
    power                       an effect that is there is found in at least 80 % by the size named

The figures of a seed are the same on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recovery.experiments.arms import WHOLE, Arm, Experiment
from recovery.experiments.cash import bootstrap_t
from recovery.experiments.proportions import newcombe
from recovery.experiments.sequential import confidence_sequence, is_readable, units_needed
from recovery.experiments.units import Floats, Tally

# What invoices of a SaaS firm come to, in minor units: many small plans, a few large contracts.
PRICES = np.array([1900, 4900, 9900, 19900, 49900, 120000], dtype=np.float64)
OF_PRICES = np.array([0.25, 0.30, 0.22, 0.13, 0.07, 0.03])


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something held in simulated experiments, and between which shares it should."""

    name: str
    held: int
    runs: int
    lowest: float
    highest: float

    @property
    def share(self) -> float:
        """The share of experiments in which it held."""
        return self.held / self.runs

    @property
    def passed(self) -> bool:
        """Whether the share is where it should be."""
        return self.lowest <= self.share <= self.highest


def simulate(runs: int = 2000, seed: int = 1) -> Iterator[Counted]:
    """Yield each figure as it is counted."""
    generator = np.random.default_rng(seed)
    for holdout, ours, theirs in ((500, 0.60, 0.50), (100, 0.55, 0.45), (250, 0.30, 0.30)):
        treated = 9 * holdout if holdout == 100 else holdout
        yield _rates(treated, holdout, ours, theirs, runs, generator)
    for treated, held, ours, theirs in ((600, 600, 0.55, 0.45), (2700, 300, 0.60, 0.50)):
        yield _cash(treated, held, ours, theirs, runs, generator)
    for share, rate, days, a_day in (
        (1000, 0.5, 180, 20),
        (5000, 0.6, 180, 20),
        (2000, 0.3, 365, 5),
    ):
        yield _looks(share, rate, days, a_day, runs, generator)
    yield _power(1000, 0.5, runs, generator)


def _rates(
    treated: int, held: int, ours: float, theirs: float, runs: int, generator: np.random.Generator
) -> Counted:
    pairs = zip(
        generator.binomial(treated, ours, runs), generator.binomial(held, theirs, runs), strict=True
    )
    within = sum(
        newcombe(Tally(treated, int(x)), Tally(held, int(y))).holds(ours - theirs) for x, y in pairs
    )
    name = (
        f"rates {ours:.0%} and {theirs:.0%} of {treated} and {held}: the interval holds the truth"
    )
    return Counted(name, within, runs, 0.94, 0.96)


def _cash(
    treated: int, held: int, ours: float, theirs: float, runs: int, generator: np.random.Generator
) -> Counted:
    truth = (ours - theirs) * float(PRICES @ OF_PRICES)
    within = sum(
        bootstrap_t(
            _amounts(treated, ours, generator),
            _amounts(held, theirs, generator),
            seed=run,
            resamples=999,
        ).holds(truth)
        for run in range(runs)
    )
    name = f"cash of {treated} and {held} customers: the interval holds the truth"
    return Counted(name, within, runs, 0.94, 0.96)


def _amounts(units: int, rate: float, generator: np.random.Generator) -> Floats:
    prices: Floats = generator.choice(PRICES, units, p=OF_PRICES)
    return prices * (generator.random(units) < rate)


def _looks(
    share: int, rate: float, days: int, a_day: int, runs: int, generator: np.random.Generator
) -> Counted:
    experiment = _experiment(share)
    found = sum(
        any(
            _told(experiment, *day) for day in _days(experiment, rate, rate, days, a_day, generator)
        )
        for _ in range(runs)
    )
    name = f"no effect at {rate:.0%}, holdout {share / WHOLE:.0%}, {days} daily looks: found anyway"
    return Counted(name, found, runs, 0.0, 0.05)


def _power(share: int, rate: float, runs: int, generator: np.random.Generator) -> Counted:
    experiment = _experiment(share)
    a_day, needed = 100, units_needed(experiment, rate)
    days, ours = -(-needed // a_day), rate + experiment.effect
    found = sum(
        any(
            _told(experiment, *day) for day in _days(experiment, ours, rate, days, a_day, generator)
        )
        for _ in range(runs)
    )
    name = f"an effect of {experiment.effect:.0%} at {rate:.0%}, by {needed} customers: found"
    return Counted(name, found, runs, 0.80, 1.0)


def _days(
    experiment: Experiment,
    ours: float,
    theirs: float,
    days: int,
    a_day: int,
    generator: np.random.Generator,
) -> Iterator[tuple[Tally, Tally]]:
    """Yield what both arms have come to at each day's end."""
    held = generator.binomial(a_day, experiment.arms[1].share / WHOLE, days)
    treated = a_day - held
    recovered = (
        generator.binomial(treated, ours).cumsum(),
        generator.binomial(held, theirs).cumsum(),
    )
    counts = (treated.cumsum(), recovered[0], held.cumsum(), recovered[1])
    for a, b, c, d in zip(*(count.tolist() for count in counts), strict=True):
        yield Tally(a, b), Tally(c, d)


def _told(experiment: Experiment, treated: Tally, control: Tally) -> bool:
    return is_readable(treated, control) and not confidence_sequence(
        experiment, treated, control
    ).holds(0.0)


def _experiment(holdout_share: int) -> Experiment:
    arms = (Arm("flow", WHOLE - holdout_share), Arm("holdout", holdout_share))
    return Experiment("simulated", arms, holdout="holdout")
