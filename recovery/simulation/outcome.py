"""What would have come of it? Expected cash per currency, with an interval that owns its doubt.

The interval holds what is not known of the rates (drawn from what the past bears) and chance itself
(each payment is paid or not). It does not hold what a replay cannot know: that customers answer
messages, or that banks treat the same try differently now.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod, sqrt

from recovery.engine.episode import Terms
from recovery.flows.document import Flow
from recovery.simulation.chances import Cell, Chances, learn
from recovery.simulation.goals import GoalOutcome, goal_outcomes
from recovery.simulation.history import PastFailure
from recovery.simulation.reached import StepOutcome, step_outcomes
from recovery.simulation.replay import Planned, Replayed, replay, would_take

DRAWS = 400
_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class CurrencyOutcome:
    """One currency's failures that the draft takes: what came of them, and what would have."""

    currency: str
    failures: int
    at_risk_minor: int
    past_recovered_minor: int
    expected_minor: int
    low_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a draft would have done with the past."""

    failures: int
    taken: int
    actions: Mapping[str, int]
    expected_tries: float
    currencies: tuple[CurrencyOutcome, ...]
    steps: tuple[StepOutcome, ...]
    goals: tuple[GoalOutcome, ...]
    plans: tuple[tuple[PastFailure, tuple[Planned, ...]], ...]
    tries_learned_from: int
    held_back: int


def simulate(
    flow: Flow, failures: Sequence[PastFailure], terms: Terms, *, seed: int = 0, shown: int = 50
) -> Simulation:
    """Replay failures through a draft."""
    chances = learn(failures)
    replayed = _replayed(flow, failures, terms)
    plans = [(failure, one.plan) for failure, one in replayed]
    actions: Counter[str] = Counter()
    tries = 0.0
    for _, plan in plans:
        actions.update(one.kind for one in plan)
        reached = 1.0
        for cell in _cells(plan):
            tries += reached
            reached *= 1 - chances.rate(cell)
    return Simulation(
        failures=len(failures),
        taken=len(replayed),
        actions=dict(actions),
        expected_tries=tries,
        currencies=_outcomes(plans, chances, random.Random(seed)),  # noqa: S311
        steps=step_outcomes(flow, replayed, chances, random.Random(seed)),  # noqa: S311
        goals=goal_outcomes(flow, replayed, chances, random.Random(seed)),  # noqa: S311
        plans=tuple(plans[:shown]),
        tries_learned_from=sum(chances.tries.values()),
        held_back=sum(one.held_back for _, one in replayed),
    )


def _replayed(
    flow: Flow, failures: Sequence[PastFailure], terms: Terms
) -> list[tuple[PastFailure, Replayed]]:
    """Replay what the draft takes, card by card; what it does not take happened as it did."""
    cards: dict[str, list[int]] = defaultdict(list)
    for number, failure in enumerate(failures):
        cards[failure.card or failure.id].append(number)
    found: dict[int, Replayed] = {}
    for numbers in cards.values():
        taken = [number for number in numbers if would_take(flow, failures[number])]
        left = set(numbers).difference(taken)
        others = [each for number in sorted(left) for each in failures[number].tries]
        replayed = replay(flow, [failures[number] for number in taken], terms, others)
        found.update(zip(taken, replayed, strict=True))
    return [(failures[number], found[number]) for number in sorted(found)]


def _outcomes(
    plans: Sequence[tuple[PastFailure, tuple[Planned, ...]]],
    chances: Chances,
    chance: random.Random,
) -> tuple[CurrencyOutcome, ...]:
    by_currency: dict[str, list[tuple[PastFailure, tuple[Planned, ...]]]] = defaultdict(list)
    for failure, plan in plans:
        by_currency[failure.currency].append((failure, plan))
    return tuple(_outcome(name, by_currency[name], chances, chance) for name in sorted(by_currency))


def _outcome(
    currency: str,
    plans: Sequence[tuple[PastFailure, tuple[Planned, ...]]],
    chances: Chances,
    chance: random.Random,
) -> CurrencyOutcome:
    # Failures with the same tries share their chance: few groups, whatever their number.
    sums: Counter[tuple[Cell, ...]] = Counter()
    squares: Counter[tuple[Cell, ...]] = Counter()
    for failure, plan in plans:
        sums[_cells(plan)] += failure.amount_minor
        squares[_cells(plan)] += failure.amount_minor**2
    wanted = {cell for cells in sums for cell in cells}
    expected = sum(
        amount * (1 - prod(1 - chances.rate(cell) for cell in cells))
        for cells, amount in sums.items()
    )
    drawn = []
    for _ in range(DRAWS):
        rates = {cell: chances.draw(cell, chance) for cell in sorted(wanted)}
        mean = variance = 0.0
        for cells, amount in sums.items():
            paid = 1 - prod(1 - rates[cell] for cell in cells)
            mean += amount * paid
            variance += squares[cells] * paid * (1 - paid)
        drawn.append(min(max(chance.gauss(mean, sqrt(variance)), 0.0), float(sum(sums.values()))))
    drawn.sort()
    return CurrencyOutcome(
        currency=currency,
        failures=len(plans),
        at_risk_minor=sum(sums.values()),
        past_recovered_minor=sum(f.amount_minor for f, _ in plans if f.is_recovered),
        expected_minor=round(expected),
        low_minor=round(drawn[int(DRAWS * _LOW)]),
        high_minor=round(drawn[min(int(DRAWS * _HIGH), DRAWS - 1)]),
    )


def _cells(plan: Sequence[Planned]) -> tuple[Cell, ...]:
    return tuple(one.cell for one in plan if one.cell is not None)
