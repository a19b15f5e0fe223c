"""Who gets what? By hash alone, so that the same customer always meets the same arm.

`arm_of` needs nothing but the customer's id. `balanced_arm_of` deals the arms out in shuffled
blocks within a stratum (plan, currency, amount band, …), so that small strata are split as the
shares say too; it needs the customer's position in the stratum, which the caller counts and keeps.
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import gcd

WHOLE = 10_000
# A larger block balances nothing before it is full.
MOST_IN_BLOCK = 200


class ExperimentInvalidError(ValueError):
    """The arms of an experiment do not make one."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to treat a failed payment.

    `share` is in basis points (1,000 is a tenth) of the customers that enter.
    """

    name: str
    share: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """Arms compared with a holdout, over customers who enter at their first failed payment.

    `maturity_days` is how long a customer's outcome takes to be known; `effect` is the difference
    in the recovery rate that the experiment is made to see (0.05 is five points).

    Raises:
        ExperimentInvalidError: The shares are not those of a whole, a name repeats, the holdout is
            not one of the arms or is more than half, or the block would be too long to balance.
    """

    id: str
    arms: tuple[Arm, ...]
    holdout: str
    maturity_days: int = 30
    effect: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what cannot be analysed later."""
        names = [arm.name for arm in self.arms]
        shares = {arm.name: arm.share for arm in self.arms}
        if len(names) < 2 or len(set(names)) < len(names):
            raise ExperimentInvalidError("An experiment needs two or more arms, each named once.")
        if any(share < 1 for share in shares.values()) or sum(shares.values()) != WHOLE:
            raise ExperimentInvalidError(f"The arms' shares must be positive and sum to {WHOLE}.")
        if self.holdout not in shares:
            raise ExperimentInvalidError(f"The holdout {self.holdout!r} is none of the arms.")
        if shares[self.holdout] > WHOLE // 2:
            raise ExperimentInvalidError("A holdout may be half of the customers at most.")
        if self.maturity_days < 1 or not 0 < self.effect < 1:
            raise ExperimentInvalidError("Maturity is a day or more, the effect between 0 and 1.")
        if len(self.block) > MOST_IN_BLOCK:
            raise ExperimentInvalidError(
                f"These shares need blocks of {len(self.block)} customers, {MOST_IN_BLOCK} at most:"
                " round them."
            )

    @property
    def block(self) -> tuple[str, ...]:
        """The shortest run of customers in which every arm has exactly its share."""
        unit = gcd(*(arm.share for arm in self.arms))
        return tuple(arm.name for arm in self.arms for _ in range(arm.share // unit))


def arm_of(experiment: Experiment, customer_id: str) -> str:
    """Return the customer's arm, from the hash of both ids."""
    place = _number(experiment.id, customer_id) % WHOLE
    for arm in experiment.arms:
        place -= arm.share
        if place < 0:
            return arm.name
    raise AssertionError("the shares sum to the whole")


def balanced_arm_of(experiment: Experiment, stratum: str, position: int) -> str:
    """Return the arm of the n-th customer (from 0) that enters in a stratum."""
    block = experiment.block
    number, place = divmod(position, len(block))
    order = sorted(
        range(len(block)), key=lambda slot: _number(experiment.id, stratum, str(number), str(slot))
    )
    return block[order[place]]


def _number(*words: str) -> int:
    # Lengths stand before the words, so that no two lists of words run together into one text.
    text = "".join(f"{len(word)}:{word}" for word in words)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
