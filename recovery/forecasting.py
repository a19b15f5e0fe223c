"""How likely is the next try to be paid, at which moment? The seam: who answers is no concern here.

The answer is a model's (`ml.propensity`, put in by the worker), or there is none: then tries keep
their schedule and the fact `propensity` is not known. What must not be tried is never asked about.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery.flows.facts import Facts

# Refusals after which the same method is left alone, whatever a model would say.
NEVER_TRIED = frozenset({"hard", "action_needed"})


@dataclass(frozen=True, slots=True)
class Forecast:
    """Chances per thousand, one per moment that was asked about; which model says so.

    `knows_hours` is false of a model to which every moment is the same.
    """

    chances: tuple[int, ...]
    model: str
    knows_hours: bool


# From facts and moments to a forecast; None where no model answers.
Forecaster = Callable[[Facts, Sequence[datetime]], Forecast | None]
# Each workspace has its own.
Forecasters = Callable[[str], Forecaster | None]


def chance_now(facts: Facts, forecaster: Forecaster | None, now: datetime) -> int | None:
    """Return the chance of a try made now, per thousand; None where nobody can tell.

    Nothing is tried after a firm refusal: there it is 0 without a model.
    """
    if facts.get("decline_class") in NEVER_TRIED:
        return 0
    if forecaster is None or not facts.get("decline_code"):
        return None
    found = forecaster(facts, [now])
    return None if found is None else found.chances[0]
