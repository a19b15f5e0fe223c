"""What do two payments earn that might follow each other in a series? For all pairs at once."""

from dataclasses import dataclass

import numpy as np

from ml.recurring.cadences import Cadence, Numbers

# One period is paid, or missed once, or missed twice.
_PERIODS = {1: 0.93, 2: 0.06, 3: 0.01}
MOST_CHANGE = 0.6


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of payments by `later`, then `earlier`; natural logarithms and densities.

    `series` is the logarithm of how likely distance and change of amount are in a series; `chance`
    how densely amounts lie around the later one by chance, at any merchant.
    """

    earlier: Numbers
    later: Numbers
    series: Numbers
    chance: Numbers


def pairs_of(ordinals: Numbers, logs: Numbers, cadence: Cadence) -> Pairs:
    """Return the pairs that lie one, two or three periods apart, about.

    Parameters
    ----------
    ordinals
        Of the payments' days, ascending.
    logs
        Natural logarithms of the amounts.
    cadence
        The rhythm.
    """
    width = cadence.width
    parts = []
    for periods, share in _PERIODS.items():
        about = ordinals - periods * cadence.length
        first = np.searchsorted(ordinals, about - width, side="left")
        last = np.minimum(
            np.searchsorted(ordinals, about + width, side="right"), np.arange(len(ordinals))
        )
        counts = np.maximum(last - first, 0)
        later = np.repeat(np.arange(len(ordinals)), counts)
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        earlier = first[later] + offsets
        change = np.abs(logs[later] - logs[earlier])
        near = change <= MOST_CHANGE
        earlier, later, change = earlier[near], later[near], change[near]
        stray = np.abs(ordinals[later] - cadence.all_after(ordinals, periods)[earlier])
        # Banks move payments off weekends and holidays: up to that, and rarely anything.
        timing = 0.98 * _laplace(stray, cadence.stray) + 0.02 * _laplace(stray, 3 * cadence.stray)
        paid = 0.72 * _laplace(change, 0.002) + 0.22 * _laplace(change, 0.08)
        paid += 0.06 * _laplace(change, 0.3)
        general = 0.15 * _laplace(change, 0.002) + 0.85 * _laplace(change, 0.7)
        parts.append((earlier, later, np.log(timing * share * paid), general))
    earlier, later, series, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((earlier, later))
    return Pairs(earlier[order], later[order], series[order], chance[order])


def usual(logs: Numbers, free: Numbers) -> Numbers:
    """Return how densely the other free amounts lie around each amount."""
    density = np.zeros(len(logs))
    places = np.flatnonzero(free)
    for begin in range(0, len(places), 512):
        some = places[begin : begin + 512]
        apart = np.abs(logs[some][:, None] - logs[places][None, :])
        lies = 0.5 * _laplace(apart, 0.002) + 0.5 * _laplace(apart, 0.4)
        lies[np.arange(len(some)), np.arange(begin, begin + len(some))] = 0.0
        density[some] = lies.sum(axis=1)
    return density


def _laplace(distance: Numbers, scale: float) -> Numbers:
    likelihood: Numbers = np.exp(-distance / scale) / (2 * scale)
    return likelihood
