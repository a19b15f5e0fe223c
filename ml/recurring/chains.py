"""Which payments of one merchant form a series? The chain that chance explains worst.

For a rhythm, two payments in succession earn the logarithm of how much likelier their distance and
their amounts are in a series than among purchases at random, at this merchant's own pace. The best
chain of such pairs (dynamic programming) is a series when it earns enough; its payments are set
aside and the search repeats, so a subscription is found among other purchases of the same merchant.
"""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.recurring.cadences import CADENCES, Cadence, Numbers
from ml.recurring.pairs import Pairs, pairs_of, usual

# A chain must be so many times likelier (natural logarithm) than chance; set on training seeds.
LEAST_SCORE = 6.0
CHOICE_PENALTY = 1.5
EACH_PENALTY = 1.5
LEAST_PAYMENTS = 3
_MOST_SERIES = 5
_MOST_PAYMENTS = 2_000
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
    if len(days) < LEAST_PAYMENTS:
        return []
    # Of a payee with more than these the earliest are left out: pairs grow with the square.
    dropped = max(len(days) - _MOST_PAYMENTS, 0)
    days, amounts = days[dropped:], amounts[dropped:]
    ordinals = np.array([day.toordinal() for day in days])
    logs = np.log(np.array(amounts, dtype=float))
    pairs = [(cadence, pairs_of(ordinals, logs, cadence)) for cadence in CADENCES]
    free = np.ones(len(days), dtype=bool)
    found: list[Chain] = []
    while free.sum() >= LEAST_PAYMENTS and len(found) < _MOST_SERIES:
        left = int(free.sum())
        span = np.flatnonzero(free)
        pace = max(left - 1, 1) / max(int(ordinals[span[-1]] - ordinals[span[0]]), 1)
        density = usual(logs, free)
        best = max(
            (_best_chain(some, cadence, free, density, pace) for cadence, some in pairs),
            key=lambda chain: chain.score,
        )
        chosen = len(best.positions)
        if chosen < LEAST_PAYMENTS or best.score < _needed(chosen, left):
            break
        free[best.positions] = False
        positions = [dropped + position for position in best.positions]
        found.append(Chain(positions, best.cadence, best.score))
    return found


def _needed(chosen: int, among: int) -> float:
    """Return the score that a chain needs: the more purchases to choose from, the more it needs.

    Among hundreds of purchases some chain always looks regular, if only a little per payment.
    """
    choice = LEAST_SCORE + CHOICE_PENALTY * math.log(among / chosen)
    return max(choice, EACH_PENALTY * (1 - chosen / among) * chosen)


def _best_chain(
    pairs: Pairs, cadence: Cadence, free: Numbers, density: Numbers, pace: float
) -> Chain:
    """Return the chain of free payments that earns most."""
    is_free = free[pairs.earlier] & free[pairs.later]
    earlier, later = pairs.earlier[is_free], pairs.later[is_free]
    payments = int(free.sum())
    chance = (_PRIOR * pairs.chance[is_free] + density[later]) / (_PRIOR + payments - 1)
    gains = pairs.series[is_free] - np.log(chance * pace)
    score: dict[int, float] = {}
    before: dict[int, int] = {}
    for one, other, gain in zip(earlier.tolist(), later.tolist(), gains.tolist(), strict=True):
        total = score.get(one, 0.0) + gain
        if total > score.get(other, 0.0):
            score[other], before[other] = total, one
    if not score:
        return Chain([int(np.flatnonzero(free)[0])], cadence, 0.0)
    end = max(sorted(score), key=score.__getitem__)
    positions = [end]
    while positions[-1] in before:
        positions.append(before[positions[-1]])
    return Chain(positions[::-1], cadence, score[end])
