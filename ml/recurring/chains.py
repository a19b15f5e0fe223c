"""Which payments of one merchant form a series? The chain that chance explains worst.

For a rhythm, two payments in succession earn the logarithm of how much likelier their distance and
their amounts are in a series than among purchases at random, at this merchant's own pace. The best
chain of such pairs (dynamic programming) is a series when it earns enough; its payments are set
aside and the search repeats, so a subscription is found among other purchases of the same merchant.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date

from ml.recurring.cadences import CADENCES, Cadence

# A chain must be so many times likelier (natural logarithm) than chance; set on training seeds.
LEAST_SCORE = 6.0
CHOICE_PENALTY = 1.5
EACH_PENALTY = 1.5
LEAST_PAYMENTS = 3
# One period is paid, or missed once, or missed twice.
_PERIODS = {1: 0.93, 2: 0.06, 3: 0.01}
_MOST_SERIES = 5
_MOST_CHANGE = 0.6
# How many payments the general idea of a chance amount weighs against the merchant's own.
_PRIOR = 5


@dataclass(frozen=True, slots=True)
class Chain:
    """Positions of a series' payments, its rhythm, and how far chance is from explaining it."""

    positions: list[int]
    cadence: Cadence
    score: float


def chains(days: list[date], amounts: list[int]) -> list[Chain]:
    """Find the series among the payments of one merchant, one currency and one direction.

    Parameters
    ----------
    days
        Ascending.
    amounts
        In minor units, all positive.

    Returns
    -------
    list of Chain
        Best first; no payment is in two.

    Examples
    --------
    >>> rent = [date(2024, month, 1) for month in range(1, 7)]
    >>> [(found.cadence.name, found.positions) for found in chains(rent, [90_000] * 6)]
    [('monthly', [0, 1, 2, 3, 4, 5])]
    """
    free = list(range(len(days)))
    found: list[Chain] = []
    while len(free) >= LEAST_PAYMENTS and len(found) < _MOST_SERIES:
        some_days, some_amounts = [days[i] for i in free], [amounts[i] for i in free]
        logs = [math.log(amount) for amount in some_amounts]
        usual = _usual(logs)
        best = max(
            (_best_chain(some_days, logs, usual, cadence) for cadence in CADENCES),
            key=lambda chain: chain.score,
        )
        if len(best.positions) < LEAST_PAYMENTS or best.score < _needed(
            len(best.positions), len(free)
        ):
            break
        taken = {free[position] for position in best.positions}
        found.append(Chain(sorted(taken), best.cadence, best.score))
        free = [position for position in free if position not in taken]
    return found


def _needed(chosen: int, among: int) -> float:
    """Return the score that a chain needs: the more purchases to choose from, the more it needs.

    Among hundreds of purchases some chain always looks regular, if only a little per payment.
    """
    choice = LEAST_SCORE + CHOICE_PENALTY * math.log(among / chosen)
    return max(choice, EACH_PENALTY * (1 - chosen / among) * chosen)


def _best_chain(days: list[date], logs: list[float], usual: list[float], cadence: Cadence) -> Chain:
    ordinals = [day.toordinal() for day in days]
    pace = max(len(days) - 1, 1) / max(ordinals[-1] - ordinals[0], 1)
    width = 4 * cadence.stray + 2
    score = [0.0] * len(days)
    before = [-1] * len(days)
    for later, ordinal in enumerate(ordinals):
        for periods in _PERIODS:
            about = ordinal - periods * cadence.length
            first = bisect_left(ordinals, about - width)
            for earlier in range(first, min(bisect_right(ordinals, about + width), later)):
                change = abs(logs[later] - logs[earlier])
                if change > _MOST_CHANGE:
                    continue
                gain = _timing(days[earlier], days[later], cadence, periods, pace)
                total = score[earlier] + gain + _amounts(change, usual[later], len(days))
                if total > score[later]:
                    score[later], before[later] = total, earlier
    end = max(range(len(days)), key=score.__getitem__)
    positions = [end]
    while before[positions[-1]] >= 0:
        positions.append(before[positions[-1]])
    return Chain(positions[::-1], cadence, score[end])


def _timing(earlier: date, later: date, cadence: Cadence, periods: int, pace: float) -> float:
    stray = abs((later - cadence.after(earlier, periods)).days)
    # Banks move payments off weekends and holidays: up to that, and rarely anything.
    likelihood = 0.98 * _laplace(stray, cadence.stray) + 0.02 * _laplace(stray, 3 * cadence.stray)
    return math.log(likelihood * _PERIODS[periods]) - math.log(pace)


def _amounts(change: float, usual: float, payments: int) -> float:
    """Gain of a change of amount (difference of logarithms), given how usual the new amount is."""
    series = 0.72 * _laplace(change, 0.002) + 0.22 * _laplace(change, 0.08)
    series += 0.06 * _laplace(change, 0.3)
    general = 0.15 * _laplace(change, 0.002) + 0.85 * _laplace(change, 0.7)
    chance = (_PRIOR * general + usual) / (_PRIOR + payments - 1)
    return math.log(series / chance)


def _usual(logs: list[float]) -> list[float]:
    """Return how densely the merchant's other amounts lie around each amount."""
    return [
        sum(
            0.5 * _laplace(abs(here - there), 0.002) + 0.5 * _laplace(abs(here - there), 0.4)
            for position, there in enumerate(logs)
            if position != at
        )
        for at, here in enumerate(logs)
    ]


def _laplace(distance: float, scale: float) -> float:
    return math.exp(-distance / scale) / (2 * scale)
