"""Which chain of pairs earns most? For every payee and rhythm at once (dynamic programming).

The best chain that ends with a payment goes by the best that ended a period or more before. So the
payments of all payees in one period are looked at together, then those of the next: as many steps
as the longest history has periods, whatever the number of payees and payments.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.recurring.cadences import CADENCES, Numbers
from ml.recurring.pairs import pairs_of, usual
from ml.recurring.payments import Payments

# How many payments the general idea of a chance amount weighs against the merchant's own.
_PRIOR = 5
# Every chain is looked for as it earns, and with so much more a link: a long weak one may be right.
_EACH = np.array([[0.0], [1.0]])
_NONE = len(_EACH)


@dataclass(frozen=True, slots=True)
class Paths:
    """The best chain of each rhythm and payee (in this order), and the way back along it.

    Attributes
    ----------
    score
        What it earns; 0 where there is none.
    links
        How many pairs it has.
    """

    score: Numbers
    links: Numbers
    _tried: Numbers
    _end: Numbers
    _before: Numbers

    def places(self, cadence: int, payee: int) -> list[int]:
        """Return the payments of a rhythm's and payee's best chain; a lone one where none is."""
        place = int(self._end[cadence, payee])
        tried = int(self._tried[cadence, payee])
        found = [place]
        while tried != _NONE and (place := int(self._before[tried, cadence, place])) >= 0:
            found.append(place)
        return found[::-1]


def paths(payments: Payments) -> Paths:
    """Return the best chains of all payees.

    Parameters
    ----------
    payments
        Of any number of payees, each with at least one.
    """
    earlier, later, gains = _links(payments)
    number = len(payments.ordinals)
    score, before, links = (
        of.reshape(len(_EACH), len(CADENCES), number)
        for of in _strung(payments, earlier, later, gains)
    )
    starts, counts = payments.starts, payments.counts
    best = np.maximum.reduceat(score, starts, axis=2)
    is_best = score == np.repeat(best, counts, axis=2)
    end = np.minimum.reduceat(np.where(is_best, np.arange(number), number), starts, axis=2)
    long = np.take_along_axis(links, end, axis=2)
    # By chance other payments would lie between: a chain that leaves few out earns more, from
    # nothing a link, where it is one of many, up to one, where it is all there is.
    others = counts - long
    earned = best - _EACH[:, :, None] * long + long + others * np.log(others / counts)
    none = np.zeros((1, *earned.shape[1:]), np.int64)
    tried = np.concatenate([earned, none]).argmax(axis=0)

    def of_best(ways: Numbers, otherwise: Numbers) -> Numbers:
        whole = np.concatenate([ways, otherwise])
        found: Numbers = np.take_along_axis(whole, tried[None], axis=0)[0]
        return found

    return Paths(
        of_best(earned, none), of_best(long, none), tried, of_best(end, none + starts), before
    )


def _links(payments: Payments) -> tuple[Numbers, Numbers, Numbers]:
    """Pairs of all rhythms, by rhythm, later and earlier; what each earns."""
    counts = payments.counts
    last = payments.ordinals[np.cumsum(counts) - 1]
    span = last - payments.ordinals[payments.starts]
    pace = np.maximum(counts - 1, 1) / np.maximum(span, 1)
    density = usual(payments)
    parts = []
    for number, cadence in enumerate(CADENCES):
        pairs = pairs_of(payments, cadence)
        payee = payments.payee[pairs.later]
        chance = (_PRIOR * pairs.chance + density[pairs.later]) / (_PRIOR + counts[payee] - 1)
        gains = np.log(pairs.series / (chance * pace[payee]))
        shift = np.int32(number * len(density))
        parts.append((pairs.earlier + shift, pairs.later + shift, gains))
    earlier, later, gains = (np.concatenate(column) for column in zip(*parts, strict=True))
    return earlier, later, gains


def _strung(
    payments: Payments, earlier: Numbers, later: Numbers, gains: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Return, of each payment in each rhythm, the best chain that ends there, both ways tried.

    What it earns, the place of the payment before (-1 for none), how many pairs it has.
    """
    number = len(payments.ordinals)
    nodes = number * len(CADENCES)
    score = np.zeros((len(_EACH), nodes))
    before = np.full((len(_EACH), nodes), -1, np.int32)
    links = np.zeros((len(_EACH), nodes), np.int32)
    # Stable: pairs to one payment stay together, the earliest first.
    step = _steps(payments)[later]
    order = np.argsort(step, kind="stable")
    earlier, later, gains = earlier[order], later[order], gains[order]
    steps = np.flatnonzero(_differs(step[order]))
    for begin, end in pairwise([*steps.tolist(), len(later)]):
        # What earns nothing with the most a link, earns nothing with less: most pairs.
        reach = score[-1].take(earlier[begin:end]) + gains[begin:end]
        useful = begin + np.flatnonzero(reach > -_EACH[-1])
        if not len(useful):
            continue
        one, other = earlier[useful], later[useful]
        total = score[:, one] + gains[useful] + _EACH
        heads = np.flatnonzero(_differs(other))
        best = np.maximum.reduceat(total, heads, axis=1)
        is_best = total == np.repeat(best, np.diff(heads, append=len(other)), axis=1)
        place = np.where(is_best, np.arange(len(other)), len(other))
        chosen = one[np.minimum.reduceat(place, heads, axis=1)]
        earns, other = best > 0, other[heads]
        score[:, other] = np.where(earns, best, 0.0)
        before[:, other] = np.where(earns, chosen % number, -1)
        links[:, other] = np.where(earns, np.take_along_axis(links, chosen, axis=1) + 1, 0)
    return score, before, links


def _steps(payments: Payments) -> Numbers:
    """Return in which period of its rhythm each payment lies: no two of a pair lie in one."""
    since = payments.ordinals - payments.ordinals[payments.starts[payments.payee]]
    found = np.concatenate([since // cadence.least_gap for cadence in CADENCES])
    # The fewer bits, the faster they are put in order.
    return found.astype(np.min_scalar_type(int(found.max())))


def _differs(values: Numbers) -> Numbers:
    """Say of each value whether it is another than the one before it."""
    found = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found
