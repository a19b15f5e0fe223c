"""Who counts, and what came of them? Everyone who was assigned, once their outcome is known.

Intention to treat: a customer counts in the arm that the hash gave, whatever was then done. Matured
only: a flow of 20 days cannot be read on day 14, and an arm that acts early would look better than
it is. The outcome is cash that has settled within the same number of days for everyone, so that
those who entered long ago have had no longer to pay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from recovery.experiments.arms import Experiment

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """One customer in an experiment: the unit that is assigned is the unit that is counted.

    `at_risk_minor` is the first failed invoice, known before anything was done; `settled_minor` is
    what came in for it and settled within the experiment's maturity (net of what went back).
    `goals` are those of the flow that were reached within it. Of one that is not `is_known` nobody
    can say yet what settled, which is not nothing.
    """

    id: str
    arm: str
    stratum: str
    entered_at: datetime
    currency: str
    at_risk_minor: int
    settled_minor: int
    goals: frozenset[str] = frozenset()
    is_known: bool = True

    @property
    def is_recovered(self) -> bool:
        """Whether any cash has settled."""
        return self.settled_minor > 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What an arm's matured customers came to: how many, how many recovered."""

    units: int
    recovered: int

    @property
    def lost(self) -> int:
        """How many did not recover."""
        return self.units - self.recovered

    @property
    def rate(self) -> float:
        """The share that recovered; 0 where nobody is."""
        return self.recovered / self.units if self.units else 0.0


def matured(experiment: Experiment, units: Iterable[Unit], as_of: datetime) -> list[Unit]:
    """Return those whose time for an outcome was over at that time."""
    last = as_of - timedelta(days=experiment.maturity_days)
    return [unit for unit in units if unit.entered_at <= last]


def tally(units: Sequence[Unit]) -> Tally:
    """Count the units of one arm."""
    return Tally(len(units), sum(unit.is_recovered for unit in units))


def settled(units: Sequence[Unit], currency: str) -> Floats:
    """Return what settled, in minor units, of each unit of a currency: those without cash too."""
    return np.array(
        [unit.settled_minor for unit in units if unit.currency == currency], dtype=np.float64
    )
