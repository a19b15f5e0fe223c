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
Places = npt.NDArray[np.int32]

SLOW_DAYS, FAST_DAYS = 360.0, 90.0
# A new amount is compared with past ones by logarithm; this much spread is assumed at least.
_LEAST_VARIANCE = 0.25
_NEVER = np.uint64(2**64 - 1)

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
class _Table:
    """What is known of each key; after the last one stands what is known of a key never seen.

    Keys are hashes, so where one stands among the sorted follows from its first bits, or nearly.
    """

    keys: Hashes
    starts: Places
    shift: np.uint64
    slow: Floats
    fast: Floats
    times: Integers
    last_day: Floats
    last_account: Integers
    mean: Floats
    deviation: Floats

    def find(self, keys: Hashes) -> Integers:
        """Return where keys stand."""
        wanted = keys.ravel()
        at = self.starts[(wanted >> self.shift).view(np.int64)].astype(np.int64)
        behind = np.flatnonzero(self.keys[at] < wanted)
        while len(behind):
            at[behind] += 1
            behind = behind[self.keys[at[behind]] < wanted[behind]]
        at[self.keys[at] != wanted] = len(self.keys) - 1
        return at.reshape(keys.shape)


@dataclass(frozen=True, slots=True)
class Recall:
    """What one level remembers of each row's candidates, worked out where it is asked for.

    A total is of all accounts in the row's context, one number per row.
    """

    as_of: int
    log_amount: Floats
    candidates: Integers
    context: _Table
    context_at: Integers
    pair: _Table
    pair_at: Integers

    def slow(self) -> Floats:
        """Return the faded count of the candidate in this context."""
        return self.pair.slow[self.pair_at]

    def slow_total(self) -> Floats:
        """Return the faded count of all accounts."""
        return self.context.slow[self.context_at]

    def fast(self) -> Floats:
        """Return the count that fades faster."""
        return self.pair.fast[self.pair_at]

    def fast_total(self) -> Floats:
        """Return the count of all accounts that fades faster."""
        return self.context.fast[self.context_at]

    def days_ago(self) -> Floats:
        """Return since when the candidate was not chosen here; NaN if it never was."""
        return self.as_of - self.pair.last_day[self.pair_at]

    def amount_distance(self) -> Floats:
        """Return how many standard deviations the amount is from the candidate's here, or NaN."""
        distance = np.abs(self.log_amount[:, None] - self.pair.mean[self.pair_at])
        distance /= self.pair.deviation[self.pair_at]
        return distance

    def is_last(self) -> npt.NDArray[np.bool_]:
        """Return whether the candidate is what was chosen last here."""
        last: npt.NDArray[np.bool_] = (
            self.context.last_account[self.context_at][:, None] == self.candidates
        )
        return last

    def times(self, choice: Integers) -> Integers:
        """Return the plain count of one candidate per row, for the evidence."""
        return self.pair.times[self.pair_at[np.arange(len(choice)), choice]]

    def times_total(self) -> Integers:
        """Return the plain count of all accounts."""
        return self.context.times[self.context_at]


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
        table = self._contexts[name]
        return table.last_account[table.find(contexts)]

    def recall(
        self, name: str, contexts: Hashes, log_amount: Floats, candidates: Integers
    ) -> Recall:
        """Return what a level remembers of each row's candidate accounts."""
        context, pair = self._contexts[name], self._pairs[name]
        pairs = mix(contexts[:, None], candidates.view(np.uint64))
        return Recall(
            self.as_of, log_amount, candidates, context, context.find(contexts), pair,
            pair.find(pairs),
        )  # fmt: skip


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
    bits = len(distinct).bit_length()
    shift = np.uint64(64 - bits)
    per_start = np.bincount((distinct >> shift).view(np.int64), minlength=2**bits)
    return _Table(
        keys=np.append(distinct, _NEVER),
        starts=(np.cumsum(per_start) - per_start).astype(np.int32),
        shift=shift,
        slow=np.append(np.bincount(inverse, weights[0]), 0.0),
        fast=np.append(np.bincount(inverse, weights[1]), 0.0),
        times=np.append(np.bincount(inverse), 0),
        last_day=np.append(facts.day[last].astype(np.float64), np.nan),
        last_account=np.append(accounts[last], -1),
        mean=np.append(mean, np.nan),
        deviation=np.append(np.sqrt(variance + _LEAST_VARIANCE), np.nan),
    )
