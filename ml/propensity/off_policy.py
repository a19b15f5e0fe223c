"""What would other hours have brought? Off-policy estimates over tries that were logged.

The choice is the block of four hours of the payer's day in which a try is made, the day and all
else being as they were. Doubly robust: the model's own guess, corrected where the log happens to
hold the choice that the policy would have made; right if either the model or the estimated share of
the blocks is.

Assumed: given the refusal and the number of tries, the hour of a logged try was not chosen by
anything else that bears on its success; every block was tried; a try does not change another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.propensity.tries import Floats

Integers = npt.NDArray[np.int64]

BLOCK_HOURS = 4
BLOCKS = 24 // BLOCK_HOURS
# A choice that the log hardly ever made says little, loudly: weights are cut here.
MOST_WEIGHT = 20.0
_NORMAL = 1.959964
ASSUMPTIONS = (
    "The hour of a logged try was not chosen by anything that bears on its success beyond the"
    " refusal and the number of tries; every block of four hours was tried; one try does not change"
    " another's chance."
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of tries that are paid, with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Return it for a model's card."""
        return {name: round(getattr(self, name), 4) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True)
class Log:
    """Tries as they were logged.

    Attributes
    ----------
    stratum
        What the chooser of the hour knew: strata share their estimated choices.
    block
        The block in which each was made.
    paid
        Whether it was paid.
    guess
        The model's chance of each try in each block.
    """

    stratum: Integers
    block: Integers
    paid: Floats
    guess: Floats


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies over the same log, and their difference."""

    tries: int
    fixed: Estimate
    model: Estimate
    difference: Estimate
    effective_tries: float

    def as_json(self) -> Mapping[str, Any]:
        """Return it for a model's card."""
        return {
            "tries": self.tries,
            "effective_tries": round(self.effective_tries, 1),
            "fixed_schedule": self.fixed.as_json(),
            "model": self.model.as_json(),
            "difference": self.difference.as_json(),
            "assumptions": ASSUMPTIONS,
        }


def block_of(hour: int) -> int:
    """Return the block of an hour of the day."""
    return hour // BLOCK_HOURS


def compare(log: Log, fixed: Integers, chosen: Integers) -> Comparison:
    """Estimate what two choices of block would have brought, and the difference.

    Parameters
    ----------
    log
        Of one way of choosing hours.
    fixed, chosen
        The block that each policy takes for each try.
    """
    share = shares(log)
    theirs, ours = _values(log, share, fixed), _values(log, share, chosen)
    taken = np.where(chosen == log.block, 1 / share[np.arange(len(chosen)), chosen], 0.0)
    weight = np.minimum(taken, MOST_WEIGHT)
    effective = float(weight.sum() ** 2 / max((weight**2).sum(), 1e-12))
    return Comparison(
        len(log.paid), estimate(theirs), estimate(ours), estimate(ours - theirs), effective
    )


def shares(log: Log) -> Floats:
    """Return how often each block was chosen, by the try's stratum; each as if seen once more."""
    found = np.empty((len(log.block), BLOCKS))
    for stratum in np.unique(log.stratum):
        inside = log.stratum == stratum
        counted = np.bincount(log.block[inside], minlength=BLOCKS) + 1.0
        found[inside] = counted / counted.sum()
    return found


def _values(log: Log, share: Floats, policy: Integers) -> Floats:
    rows = np.arange(len(policy))
    expected = log.guess[rows, policy]
    weight = np.minimum(1 / share[rows, policy], MOST_WEIGHT)
    values: Floats = expected + np.where(policy == log.block, weight * (log.paid - expected), 0.0)
    return values


def estimate(values: Floats) -> Estimate:
    """Return the mean of independent values and its normal interval."""
    middle = float(values.mean())
    around = _NORMAL * float(values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(middle, middle - around, middle + around)
