"""Did more customers reach a flow's goals? Beside the verdict, never in its place.

The same customers as the verdict's (intention to treat, matured), the same interval of a single
look. Several goals are looked at, so one that stands out by chance is to be expected: settled cash
alone decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recovery.experiments.arms import Experiment
from recovery.experiments.proportions import CONFIDENCE, Interval, newcombe
from recovery.experiments.units import Tally, Unit, matured


@dataclass(frozen=True, slots=True)
class GoalLift:
    """One goal: how many reached it in an arm and in the holdout, and the difference."""

    goal: str
    treated: Tally
    control: Tally
    difference: Interval


def goal_lifts(
    experiment: Experiment,
    arm: str,
    units: Iterable[Unit],
    goals: Sequence[str],
    *,
    as_of: datetime,
) -> list[GoalLift]:
    """Compare an arm with the holdout, goal by goal."""
    known = matured(experiment, units, as_of)
    confidence = 1 - (1 - CONFIDENCE) / (len(experiment.arms) - 1)
    found = []
    for goal in goals:
        ours, theirs = (_tally(known, name, goal) for name in (arm, experiment.holdout))
        found.append(GoalLift(goal, ours, theirs, newcombe(ours, theirs, confidence)))
    return found


def _tally(units: Sequence[Unit], arm: str, goal: str) -> Tally:
    own = [unit for unit in units if unit.arm == arm]
    return Tally(len(own), sum(goal in unit.goals for unit in own))
