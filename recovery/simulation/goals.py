"""How many would have reached each goal of the flow? By its tries, or by what holds on the way.

    paid        as many as the tries would collect
    condition   those in whose walk it holds, if the tries before it have failed by then
    event       not told: nothing in the past says what a payer would have done

The interval is the cash's own: what is not known of the rates, and chance.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

from recovery.engine.goals import titled
from recovery.flows.document import Flow
from recovery.flows.goals import Goal, Happened, Paid
from recovery.simulation.chances import Cell, Chances
from recovery.simulation.history import PastFailure
from recovery.simulation.replay import Replayed

DRAWS = 400
_LOW, _HIGH = 0.05, 0.95
# The tries that decide, and whether one of them must be paid or none may be.
_Deciding = tuple[tuple[Cell, ...], bool]


@dataclass(frozen=True, slots=True)
class GoalOutcome:
    """One goal: who can reach it at most, and how many would have; None where nothing tells."""

    goal: str
    title: str
    at_most: int | None
    expected: float | None
    low: int | None
    high: int | None


def goal_outcomes(
    flow: Flow,
    replayed: Sequence[tuple[PastFailure, Replayed]],
    chances: Chances,
    chance: random.Random,
) -> tuple[GoalOutcome, ...]:
    """Return the outcome of every goal, in the document's order."""
    return tuple(_outcome(goal, replayed, chances, chance) for goal in flow.goals)


def _outcome(
    goal: Goal,
    replayed: Sequence[tuple[PastFailure, Replayed]],
    chances: Chances,
    chance: random.Random,
) -> GoalOutcome:
    if isinstance(goal.reached, Happened):
        return GoalOutcome(goal.name, titled(goal), None, None, None, None)
    counts: Counter[_Deciding] = Counter()
    for failure, one in replayed:
        deciding = _deciding(goal, failure, one)
        if deciding is not None:
            counts[deciding] += 1
    cells = sorted({cell for tries, _ in counts for cell in tries})
    expected, _ = _moments(counts, {cell: chances.rate(cell) for cell in cells})
    at_most = sum(counts.values())
    drawn = []
    for _ in range(DRAWS):
        mean, variance = _moments(counts, {cell: chances.draw(cell, chance) for cell in cells})
        drawn.append(min(max(chance.gauss(mean, sqrt(variance)), 0.0), float(at_most)))
    drawn.sort()
    return GoalOutcome(
        goal=goal.name,
        title=titled(goal),
        at_most=at_most,
        expected=expected,
        low=round(drawn[int(DRAWS * _LOW)]),
        high=round(drawn[min(int(DRAWS * _HIGH), DRAWS - 1)]),
    )


def _deciding(goal: Goal, failure: PastFailure, one: Replayed) -> _Deciding | None:
    """Return what decides whether a failure reaches the goal; None where it cannot."""
    if isinstance(goal.reached, Paid):
        least = goal.reached.at_least_minor
        is_enough = least is None or (
            failure.currency == goal.reached.currency and failure.amount_minor >= least
        )
        tries = tuple(each.cell for each in one.plan if each.cell is not None)
        return (tries, True) if is_enough and tries else None
    done = one.goals.get(goal.name)
    if done is None:
        return None
    return tuple(each.cell for each in one.plan[:done] if each.cell is not None), False


def _moments(counts: Counter[_Deciding], rates: dict[Cell, float]) -> tuple[float, float]:
    mean = variance = 0.0
    for (tries, must_be_paid), number in counts.items():
        unpaid = prod(1 - rates[cell] for cell in tries)
        reached = 1 - unpaid if must_be_paid else unpaid
        mean += number * reached
        variance += number * reached * (1 - reached)
    return mean, variance
