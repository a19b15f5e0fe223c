"""What would have come of each step? How many come to it, what it does, and the cash of its tries.

A try is made if those before it failed, so the cash of all steps is the cash of the flow. Each
step's interval is its own: they are not to be added.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from recovery.flows.document import Flow
from recovery.simulation.chances import Cell, Chances
from recovery.simulation.history import PastFailure
from recovery.simulation.replay import Replayed

DRAWS = 200
_LOW, _HIGH = 0.05, 0.95
# The tries of one replay: where each is made, and its cell.
Tries = tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class StepCash:
    """What the tries of a step would bring in one currency; nine of ten outcomes lie between."""

    currency: str
    expected_minor: int
    low_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """One step: failures that come to it, what it does at most, and tries it makes if needed."""

    step: str
    episodes: int
    actions: int
    expected_tries: float
    cash: tuple[StepCash, ...]


def step_outcomes(
    flow: Flow,
    replayed: Sequence[tuple[PastFailure, Replayed]],
    chances: Chances,
    chance: random.Random,
) -> tuple[StepOutcome, ...]:
    """Return the outcome of every step, in the document's order."""
    episodes = Counter(step for _, one in replayed for step in one.steps)
    actions = Counter(planned.step for _, one in replayed for planned in one.plan)
    # Failures with the same tries share their chances: few groups, whatever their number.
    sums: dict[str, Counter[Tries]] = defaultdict(Counter)
    squares: dict[str, Counter[Tries]] = defaultdict(Counter)
    counts: Counter[Tries] = Counter()
    for failure, one in replayed:
        made = tuple((each.step, each.cell) for each in one.plan if each.cell is not None)
        counts[made] += 1
        sums[failure.currency][made] += failure.amount_minor
        squares[failure.currency][made] += failure.amount_minor**2
    rates = {cell: chances.rate(cell) for made in counts for _, cell in made}
    expected_tries: defaultdict[str, float] = defaultdict(float)
    for made, number in counts.items():
        for step, reached, _ in _walk(made, rates):
            expected_tries[step] += number * reached
    cash = {
        currency: _cash(currency, sums[currency], squares[currency], chances, chance)
        for currency in sorted(sums)
    }
    return tuple(
        StepOutcome(
            step=name, episodes=episodes[name], actions=actions[name],
            expected_tries=expected_tries[name],
            cash=tuple(found[name] for found in cash.values() if name in found),
        )
        for name in flow.steps
    )  # fmt: skip


def _cash(
    currency: str,
    sums: Mapping[Tries, int],
    squares: Mapping[Tries, int],
    chances: Chances,
    chance: random.Random,
) -> dict[str, StepCash]:
    cells = sorted({cell for made in sums for _, cell in made})
    at_risk = float(sum(sums.values()))
    expected, _ = _moments(sums, squares, {cell: chances.rate(cell) for cell in cells})
    drawn: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(DRAWS):
        rates = {cell: chances.draw(cell, chance) for cell in cells}
        means, variances = _moments(sums, squares, rates)
        for step in sorted(means):
            value = chance.gauss(means[step], sqrt(variances[step]))
            drawn[step].append(min(max(value, 0.0), at_risk))
    found = {}
    for step, values in drawn.items():
        values.sort()
        low, high = values[int(DRAWS * _LOW)], values[min(int(DRAWS * _HIGH), DRAWS - 1)]
        found[step] = StepCash(currency, round(expected[step]), round(low), round(high))
    return found


def _moments(
    sums: Mapping[Tries, int], squares: Mapping[Tries, int], rates: Mapping[Cell, float]
) -> tuple[dict[str, float], dict[str, float]]:
    means: defaultdict[str, float] = defaultdict(float)
    variances: defaultdict[str, float] = defaultdict(float)
    for made, amount in sums.items():
        paid_at: defaultdict[str, float] = defaultdict(float)
        for step, reached, rate in _walk(made, rates):
            paid_at[step] += reached * rate
        for step, paid in paid_at.items():
            means[step] += amount * paid
            variances[step] += squares[made] * paid * (1 - paid)
    return means, variances


def _walk(made: Tries, rates: Mapping[Cell, float]) -> Iterator[tuple[str, float, float]]:
    """Yield each try's step, the chance that it is made, and that it is then paid."""
    reached = 1.0
    for step, cell in made:
        yield step, reached, rates[cell]
        reached *= 1 - rates[cell]
