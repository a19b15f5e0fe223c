"""When is the next try made? When the schedule says, or at the likeliest hour after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recovery.flows.facts import Facts
from recovery.flows.steps import Retry
from recovery.forecasting import NEVER_TRIED, Forecaster
from recovery.limits import Attempt, held_back

HOUR = timedelta(hours=1)
# Per thousand: what gains less than a point keeps the schedule's own moment.
LEAST_GAIN = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """The moment of a try, and why it is that one."""

    at: datetime
    reason: str
    details: dict[str, Any]


def plan(
    step: Retry,
    facts: Facts,
    forecaster: Forecaster | None,
    scheduled: datetime,
    tries: Sequence[Attempt] = (),
) -> Plan:
    """Return when to try.

    Never before the schedule's own moment, so that whatever holds of the schedule holds of the
    choice; and never when the card networks' limits would refuse it, as they stand by the tries
    already made on the card (`tries`): what is chosen is chosen among the moments after those.
    """
    held = held_back(tries, scheduled)
    if held is None or held.until is None:
        return _choice(step, facts, forecaster, scheduled)
    found = _choice(step, facts, forecaster, held.until)
    told = {**found.details, "held_back_from": scheduled.isoformat()}
    return Plan(found.at, f"{found.reason}, once the card networks allow it: {held.reason}", told)


def _choice(step: Retry, facts: Facts, forecaster: Forecaster | None, scheduled: datetime) -> Plan:
    if step.timing == "fixed":
        return Plan(scheduled, "by its schedule", {})
    if facts.get("decline_class") in NEVER_TRIED or not facts.get("decline_code"):
        return Plan(scheduled, "by its schedule: no refusal that a model could judge", {})
    moments = [scheduled + number * HOUR for number in range(step.within_hours + 1)]
    found = None if forecaster is None else forecaster(facts, moments)
    if found is None:
        return Plan(scheduled, "by its schedule: no model of propensity answers", {})
    told = {"model": found.model, "chance_scheduled": found.chances[0]}
    if not found.knows_hours:
        said = f"by its schedule ({_percent(found.chances[0])}): the model knows no hours"
        return Plan(scheduled, said, {**told, "chance": found.chances[0]})
    best = _best(found.chances)
    details = {**told, "chance": found.chances[best]}
    if best == 0:
        said = f"by its schedule ({_percent(found.chances[0])}): no hour after it is likelier"
        return Plan(scheduled, said, details)
    gain = f"{_percent(found.chances[best])} instead of {_percent(found.chances[0])}"
    later = "an hour" if best == 1 else f"{best} hours"
    said = f"{later} after its schedule, when it is likelier: {gain}"
    return Plan(moments[best], said, details)


def _best(chances: Sequence[int]) -> int:
    """Return the first of the likeliest moments, the schedule's own where little is gained."""
    highest = max(chances)
    return chances.index(highest) if highest - chances[0] >= LEAST_GAIN else 0


def _percent(chance: int) -> str:
    return f"{chance / 10:.1f} %"
