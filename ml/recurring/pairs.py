"""What do two payments earn that might follow each other in a series? For all pairs at once."""

import math
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ml.recurring.cadences import Cadence, Numbers
from ml.recurring.payments import Payments

# One period is paid, or missed once, or missed twice.
_PERIODS = {1: 0.93, 2: 0.06, 3: 0.01}
MOST_CHANGE = 0.6
# Days between two payees, so that no payment of one is near a payment of another.
_APART = 4_000_000
# How widely amounts lie around each other by chance: the same price, and about the same.
_SAME, _ALIKE = 0.002, 0.4


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of payments by `later`, then `earlier`; likelihoods and densities.

    `series` is how likely distance and change of amount are in a series; `chance` how densely
    amounts lie around the later one by chance, at any merchant.
    """

    earlier: Numbers
    later: Numbers
    series: Numbers
    chance: Numbers


def pairs_of(payments: Payments, cadence: Cadence) -> Pairs:
    """Return the pairs of each payee that lie one, two or three periods apart, about.

    Parameters
    ----------
    payments
        Of any number of payees.
    cadence
        The rhythm.
    """
    ordinals, logs, width = payments.ordinals, payments.logs, cadence.width
    places = np.arange(len(ordinals), dtype=np.int32)
    days = ordinals + payments.payee * _APART
    timings = _timings(cadence)
    parts = []
    for periods, share in _PERIODS.items():
        about = days - periods * cadence.length
        first = np.searchsorted(days, about - width, side="left").astype(np.int32)
        last = np.searchsorted(days, about + width, side="right").astype(np.int32)
        counts = np.maximum(np.minimum(last, places) - first, 0)
        later = np.repeat(places, counts)
        before = np.cumsum(counts) - counts
        earlier = np.arange(len(later), dtype=np.int32) + (first - before.astype(np.int32))[later]
        change = np.abs(logs[later] - logs[earlier])
        near = np.flatnonzero(change <= MOST_CHANGE)
        earlier, later, change = earlier[near], later[near], change[near]
        stray = np.abs(ordinals[later] - cadence.all_after(ordinals, periods)[earlier])
        same = _laplace(change, _SAME)
        paid = 0.72 * same + 0.22 * _laplace(change, 0.08) + 0.06 * _laplace(change, 0.3)
        general = 0.15 * same + 0.85 * _laplace(change, 0.7)
        parts.append((earlier, later, share * timings[stray] * paid, general))
    earlier, later, series, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(later.astype(np.int64) * len(places) + earlier, kind="stable")
    return Pairs(earlier[order], later[order], series[order], chance[order])


def _timings(cadence: Cadence) -> Numbers:
    """Return how likely it is that a payment strays by 0, 1, 2, … days.

    Banks move payments off weekends and holidays: up to that, and rarely anything.
    """
    # Months differ from their mean length by less than three days.
    days = np.arange(math.ceil(cadence.width) + 4)
    return 0.98 * _laplace(days, cadence.stray) + 0.02 * _laplace(days, 3 * cadence.stray)


def usual(payments: Payments) -> Numbers:
    """Return how densely the payee's other amounts lie around each amount.

    The sum of a Laplace density over all other amounts, without comparing each with each: in the
    order of amounts, what lies below an amount is what lay below the one before it and that one
    itself, faded by the step between the two; and so from above.
    """
    order = np.lexsort((payments.logs, payments.payee))
    step = np.diff(payments.logs[order])
    is_first = np.diff(payments.payee[order]) != 0
    lies = np.zeros(len(order))
    for scale in (_SAME, _ALIKE):
        fades = np.where(is_first, 0.0, np.exp(-np.abs(step) / scale)).tolist()
        below = [*accumulate(fades, _faded, initial=0.0)]
        above = [*accumulate(reversed(fades), _faded, initial=0.0)]
        lies += (np.array(below) + np.array(above[::-1])) / (2 * scale) / 2
    density = np.empty(len(order))
    density[order] = lies
    return density


def _faded(lies: float, fades: float) -> float:
    return (lies + 1.0) * fades


def _laplace(distance: Numbers, scale: float) -> Numbers:
    likelihood: Numbers = np.exp(-distance / scale) / (2 * scale)
    return likelihood
