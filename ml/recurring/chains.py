"""Which payments of a payee form a series? The chain that chance explains worst.

For a rhythm, two payments in succession earn the logarithm of how much likelier their distance and
their amounts are in a series than among purchases at random, at this merchant's own pace. The best
chain of such pairs (`ml.recurring.paths`) is a series when it earns enough; its payments are set
aside and the search repeats, so a subscription is found among other purchases of the same merchant.
"""

from dataclasses import dataclass

import numpy as np

from ml.recurring.cadences import CADENCES, Cadence, Numbers
from ml.recurring.pairs import MOST_CHANGE
from ml.recurring.paths import Paths, paths
from ml.recurring.payments import Payments

# A chain must be so many times likelier (natural logarithm) than chance; set on training seeds.
LEAST_SCORE = 5.0
CHOICE_PENALTY = 1.25
EACH_PENALTY = 2.0
LEAST_PAYMENTS = 3
_MOST_SERIES = 5
# Parts of one series: so many payments at least, so many periods apart and off the rhythm at most.
_LEAST_PART = 2
_LONGEST_PAUSE = 6
_MOST_STRAY = 0.4


@dataclass(frozen=True, slots=True)
class Chain:
    """Places of a series' payments, its rhythm, and how far chance is from explaining it."""

    places: list[int]
    cadence: Cadence
    score: float


def chains(payments: Payments) -> list[list[Chain]]:
    """Find the series of every payee.

    Parameters
    ----------
    payments
        Of any number of payees.

    Returns
    -------
    list of list of Chain
        By payee, those found first in front; no payment is in two.

    Examples
    --------
    >>> months = [738_000, 738_031, 738_060, 738_091, 738_121, 738_152]
    >>> rent = Payments(np.zeros(6, int), np.array(months), np.full(6, 11.4))
    >>> [(found.cadence.name, found.places) for found in chains(rent)[0]]
    [('monthly', [0, 1, 2, 3, 4, 5])]
    """
    found: list[list[Chain]] = [[] for _ in payments.starts]
    for places in payments.in_parts():
        _search(payments, places, found)
    return found


def _search(payments: Payments, free: Numbers, found: list[list[Chain]]) -> None:
    """Add the series among some payees' payments, one a round, until no payee has another."""
    while len(free):
        some = payments.only(free)
        best = paths(some)
        whose = payments.payee[free[some.starts]].tolist()
        earns = _earns(best, some.counts)
        is_free = np.ones(len(free), dtype=bool)
        has_more = np.zeros(len(whose), dtype=bool)
        for payee in np.flatnonzero(earns | [bool(found[number]) for number in whose]).tolist():
            own = found[whose[payee]]
            taken = _taken(own, best, payee, free, payments, earns=bool(earns[payee]))
            is_free[np.searchsorted(free, taken)] = False
            left = int(some.counts[payee]) - len(taken)
            has_more[payee] = taken and left >= _LEAST_PART and len(own) < _MOST_SERIES
        free = free[is_free & has_more[some.payee]]


def _earns(best: Paths, among: Numbers) -> Numbers:
    """Say of each payee whether the best of all rhythms is a series.

    The more purchases to choose from, the more it needs: among hundreds of purchases some chain
    always looks regular, if only a little per payment.
    """
    cadence = best.score.argmax(axis=0)[None]
    score = np.take_along_axis(best.score, cadence, axis=0)[0]
    chosen = np.take_along_axis(best.links, cadence, axis=0)[0] + 1
    choice = LEAST_SCORE + CHOICE_PENALTY * np.log(among / chosen)
    needed = np.maximum(choice, EACH_PENALTY * (1 - chosen / among) * chosen)
    earns: Numbers = (chosen >= LEAST_PAYMENTS) & (score >= needed)
    return earns


def _taken(
    own: list[Chain], best: Paths, payee: int, free: Numbers, payments: Payments, *, earns: bool
) -> list[int]:
    """Add to a payee's series what is found now, and return its payments; none where none is."""
    for place, whole in enumerate(own):
        number = CADENCES.index(whole.cadence)
        part: list[int] = free[best.places(number, payee)].tolist()
        if len(part) >= _LEAST_PART and _is_part(whole, part, payments):
            score = whole.score + float(best.score[number, payee])
            own[place] = Chain(sorted([*whole.places, *part]), whole.cadence, score)
            return part
    if not earns:
        return []
    number = int(best.score[:, payee].argmax())
    places: list[int] = free[best.places(number, payee)].tolist()
    own.append(Chain(places, CADENCES[number], float(best.score[number, payee])))
    return places


def _is_part(whole: Chain, part: list[int], payments: Payments) -> bool:
    """Say whether a long pause or a late payment cut a part off a series."""
    gaps = np.diff(payments.ordinals[np.sort([*whole.places, *part])])
    length = whole.cadence.length
    periods = np.round(gaps / length)
    stray = np.abs(gaps - periods * length)
    apart = np.median(payments.logs[whole.places]) - np.median(payments.logs[part])
    return bool(
        periods.min() >= 1
        and periods.max() <= _LONGEST_PAUSE
        and stray.max() <= min(_MOST_STRAY * length, whole.cadence.width)
        and abs(apart) <= MOST_CHANGE
    )
