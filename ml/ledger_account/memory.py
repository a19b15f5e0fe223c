"""How was a context like this one booked before? Counts that fade with age, level by level.

A level is a combination of facts: the exact merchant in this unit, the merchant at about this
amount, the unit alone. For a level the memory knows how often each account was chosen (fading with
a half-life of 360 days, and of 90 to notice a change of habit), when it was last chosen, which was
chosen last, and the amounts. It is derived from the coded history alone, so a correction counts at
once when its row is added.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.ledger_account.fingerprints import Hashes, Parts, mix

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SLOW_DAYS, FAST_DAYS = 360.0, 90.0
# A new amount is compared with past ones by logarithm; this much spread is assumed at least.
_LEAST_VARIANCE = 0.25

LEVELS: dict[str, Callable[[Parts], Hashes]] = {
    "unit": lambda f: mix(1, f.unit),
    "unit, amount": lambda f: mix(2, f.unit, f.band),
    "first word": lambda f: mix(3, f.first_word),
    "two words": lambda f: mix(4, f.two_words, f.unit),
    "name": lambda f: mix(5, f.key),
    "name, amount": lambda f: mix(6, f.key, f.band),
    "name, unit": lambda f: mix(7, f.key, f.unit),
    "name, unit, amount": lambda f: mix(8, f.key, f.unit, f.band),
    "name, unit, exact amount": lambda f: mix(9, f.key, f.unit, f.amount),
    "merchant": lambda f: mix(10, f.merchant),
    "merchant, unit": lambda f: mix(11, f.merchant, f.unit),
}


@dataclass(frozen=True, slots=True)
class Recall:
    """What one level remembers of each row's candidates.

    Attributes
    ----------
    slow, fast
        Faded count of the candidate in this context.
    slow_total, fast_total
        Faded count of all accounts in this context, one per row.
    days_ago
        Since the candidate was last chosen here; NaN if never.
    amount_distance
        Deviation from the candidate's amounts here, in standard deviations; NaN if never.
    is_last
        Whether the candidate is what was chosen last here.
    times, times_total
        Plain counts, for the evidence.
    """

    slow: Floats
    fast: Floats
    slow_total: Floats
    fast_total: Floats
    days_ago: Floats
    amount_distance: Floats
    is_last: npt.NDArray[np.bool_]
    times: Integers
    times_total: Integers


@dataclass(frozen=True, slots=True)
class _Table:
    keys: Hashes
    slow: Floats
    fast: Floats
    times: Integers
    last_day: Integers
    last_account: Integers
    mean: Floats
    deviation: Floats

    def find(self, keys: Hashes) -> tuple[Integers, npt.NDArray[np.bool_]]:
        position = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return position, self.keys[position] == keys


class Memory:
    """The faded counts of a coded history.

    Parameters
    ----------
    facts
        Facts of the history's purchases, oldest first, at least one.
    accounts
        Their account numbers.
    """

    def __init__(self, facts: Parts, accounts: Integers) -> None:
        self.as_of = int(facts.day[-1]) + 1
        self._contexts: dict[str, _Table] = {}
        self._pairs: dict[str, _Table] = {}
        age = (self.as_of - facts.day).astype(np.float64)
        weights = (0.5 ** (age / SLOW_DAYS), 0.5 ** (age / FAST_DAYS))
        for name, level in LEVELS.items():
            context = level(facts)
            self._contexts[name] = _table(context, facts, accounts, weights)
            pair = mix(context, accounts.view(np.uint64))
            self._pairs[name] = _table(pair, facts, accounts, weights)

    def last_account(self, name: str, contexts: Hashes) -> Integers:
        """Return the account chosen last in each context of a level; -1 where it is new."""
        position, known = self._contexts[name].find(contexts)
        return np.where(known, self._contexts[name].last_account[position], -1)

    def recall(
        self, name: str, contexts: Hashes, log_amount: Floats, candidates: Integers
    ) -> Recall:
        """Return what a level remembers of each row's candidate accounts."""
        table = self._contexts[name]
        position, known = table.find(contexts)
        pairs = self._pairs[name]
        at, hit = pairs.find(mix(contexts[:, None], candidates.view(np.uint64)))
        distance = np.abs(log_amount[:, None] - pairs.mean[at]) / pairs.deviation[at]
        return Recall(
            slow=np.where(hit, pairs.slow[at], 0.0),
            fast=np.where(hit, pairs.fast[at], 0.0),
            slow_total=np.where(known, table.slow[position], 0.0),
            fast_total=np.where(known, table.fast[position], 0.0),
            days_ago=np.where(hit, self.as_of - pairs.last_day[at], np.nan),
            amount_distance=np.where(hit, distance, np.nan),
            is_last=known[:, None] & (table.last_account[position][:, None] == candidates),
            times=np.where(hit, pairs.times[at], 0),
            times_total=np.where(known, table.times[position], 0),
        )


def _table(
    keys: Hashes, facts: Parts, accounts: Integers, weights: tuple[Floats, Floats]
) -> _Table:
    distinct, inverse = np.unique(keys, return_inverse=True)
    last = np.zeros(len(distinct), np.int64)
    # The history is in time order: the last assignment to a position is the newest row's.
    last[inverse] = np.arange(len(keys))
    known = ~np.isnan(facts.log_amount)
    amounts = np.where(known, facts.log_amount, 0.0)
    count = np.maximum(np.bincount(inverse, known), 1)
    mean = np.bincount(inverse, amounts) / count
    variance = np.maximum(np.bincount(inverse, amounts**2) / count - mean**2, 0)
    return _Table(
        keys=distinct,
        slow=np.bincount(inverse, weights[0]).astype(np.float64),
        fast=np.bincount(inverse, weights[1]).astype(np.float64),
        times=np.bincount(inverse),
        last_day=facts.day[last],
        last_account=accounts[last],
        mean=mean,
        deviation=np.sqrt(variance + _LEAST_VARIANCE),
    )
