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
from ml.recurring.pairs import MOST_CHANGE, Pairs, pairs_of, usual

# A chain must be so many times likelier (natural logarithm) than chance; set on training seeds.
LEAST_SCORE = 5.0
CHOICE_PENALTY = 1.25
EACH_PENALTY = 2.0
LEAST_PAYMENTS = 3
_MOST_SERIES = 5
_MOST_PAYMENTS = 2_000
# Parts of one series: so many payments at least, so many periods apart and off the rhythm at most.
_LEAST_PART = 2
_LONGEST_PAUSE = 6
_MOST_STRAY = 0.4
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
    while free.sum() >= _LEAST_PART and len(found) < _MOST_SERIES:
        left = int(free.sum())
        span = np.flatnonzero(free)
        pace = max(left - 1, 1) / max(int(ordinals[span[-1]] - ordinals[span[0]]), 1)
        density = usual(logs, free)
        possible = [_best_chain(some, cadence, free, density, pace) for cadence, some in pairs]
        joined = _joined(found, possible, ordinals, logs)
        if joined is not None:
            place, part = joined
            whole = found[place]
            positions = sorted([*whole.positions, *part.positions])
            found[place] = Chain(positions, whole.cadence, whole.score + part.score)
            free[part.positions] = False
            continue
        best = max(possible, key=lambda chain: chain.score)
        chosen = len(best.positions)
        if chosen < LEAST_PAYMENTS or best.score < _needed(chosen, left):
            break
        free[best.positions] = False
        found.append(best)
    return [
        Chain([dropped + position for position in one.positions], one.cadence, one.score)
        for one in found
    ]


def _joined(
    found: list[Chain], possible: list[Chain], ordinals: Numbers, logs: Numbers
) -> tuple[int, Chain] | None:
    """Return a found series and the part of it that a long pause or a late payment cut off."""
    for place, whole in enumerate(found):
        for part in possible:
            if part.cadence == whole.cadence and len(part.positions) >= _LEAST_PART:
                both = np.array(sorted([*whole.positions, *part.positions]))
                gaps = np.diff(ordinals[both])
                periods = np.round(gaps / whole.cadence.length)
                stray = np.abs(gaps - periods * whole.cadence.length)
                apart = np.median(logs[whole.positions]) - np.median(logs[part.positions])
                if (
                    periods.min() >= 1
                    and periods.max() <= _LONGEST_PAUSE
                    and stray.max() <= min(_MOST_STRAY * whole.cadence.length, whole.cadence.width)
                    and abs(apart) <= MOST_CHANGE
                ):
                    return place, part
    return None


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
    tried = (_strung(earlier, later, gains, each) for each in (0.0, 1.0))
    found = []
    for positions, earned in tried:
        # By chance other payments would lie between: a chain that leaves few out earns more, from
        # nothing a link, where it is one of many, up to one, where it is all there is.
        links, others = len(positions) - 1, payments - len(positions) + 1
        alone = links + others * math.log(others / payments)
        found.append(Chain(positions, cadence, earned + alone))
    nothing = Chain([int(np.flatnonzero(free)[0])], cadence, 0.0)
    return max([*found, nothing], key=lambda chain: chain.score)


def _strung(
    earlier: Numbers, later: Numbers, gains: Numbers, each: float
) -> tuple[list[int], float]:
    """Return the chain of pairs that earns most with `each` more a link, and what without."""
    score: dict[int, float] = {}
    before: dict[int, int] = {}
    for one, other, gain in zip(earlier.tolist(), later.tolist(), gains.tolist(), strict=True):
        total = score.get(one, 0.0) + gain + each
        if total > score.get(other, 0.0):
            score[other], before[other] = total, one
    if not score:
        return [0], 0.0
    end = max(sorted(score), key=score.__getitem__)
    positions = [end]
    while positions[-1] in before:
        positions.append(before[positions[-1]])
    return positions[::-1], score[end] - each * (len(positions) - 1)
