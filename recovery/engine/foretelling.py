"""When will the next try be, as far as that is certain? For what a message tells its payer.

The flow is followed from the message on: through waits to a retry. Where anything lies between that
may go either way, nothing is foretold; a day that turns out wrong is worse than none.
"""

from datetime import datetime

from recovery.engine.clocks import zone_of
from recovery.engine.episode import Episode, Terms
from recovery.engine.planning import plan
from recovery.flows.document import Flow
from recovery.flows.steps import Message, Retry, Task, Wait, Webhook
from recovery.flows.waits import ends_at

_MOST_STEPS = 20


def next_try(
    episode: Episode,
    flow: Flow | None,
    terms: Terms,
    provider_retries_at: datetime | None,
    now: datetime,
) -> datetime | None:
    """Return the moment of the next try, ours or the provider's; None where it is not certain."""
    memory = episode.memory
    is_ours = terms.owner == "oppulence" and not (memory.not_ours or memory.is_holdout)
    if flow is None or not (is_ours and any(isinstance(s, Retry) for s in flow.steps.values())):
        return provider_retries_at
    step = flow.steps.get(episode.step)
    if isinstance(step, Retry):  # a message by hand, while a try is planned
        return episode.due_at if memory.phase == "armed" else None
    if not isinstance(step, Message):
        return None
    at, zone = now, zone_of(episode, terms)
    for _ in range(_MOST_STEPS):
        step = flow.steps[step.next]
        if isinstance(step, Retry):
            if step.timing == "propensity" and terms.forecaster is not None:
                return None
            scheduled = ends_at(step.schedule[0], at, zone)
            return plan(step, episode.facts, None, scheduled, terms.tries(episode)).at
        if isinstance(step, Wait):
            at = ends_at(step.until, at, zone)
        elif not isinstance(step, Task | Webhook):
            return None
    return None
