"""What does the engine do with one past failure? Its own transitions, each try taken as declined.

The path is that of an episode whose tries all fail: every try on it is reached with the chance that
those before it failed, so that one walk holds the whole tree. Messages move nobody here (nothing in
the past tells what they would), and nobody brings a new card: the expected cash is the tries' own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recovery.engine.advancing import advance
from recovery.engine.changing import move
from recovery.engine.episode import ActionRequest, Episode, Terms, Transition
from recovery.engine.results import after_action
from recovery.flows.conditions import holds
from recovery.flows.document import Flow
from recovery.limits import Attempt, refusal
from recovery.simulation.chances import Cell, cell_of
from recovery.simulation.history import PastFailure

LONGEST = timedelta(days=400)
MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that the draft would have done."""

    at: datetime
    kind: str
    step: str
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the draft would have done with one failure, and the steps it came to, each once."""

    plan: tuple[Planned, ...]
    steps: tuple[str, ...]


def would_take(flow: Flow, failure: PastFailure) -> bool:
    """Say whether the flow's trigger takes a failure."""
    trigger = flow.trigger
    if failure.cause not in trigger.causes:
        return False
    facts = {
        **failure.facts, "amount": failure.amount_minor, "currency": failure.currency,
        "cause": failure.cause, "attempts_ours": 0, "messages": 0, "days_open": 0,
    }  # fmt: skip
    return trigger.when is None or holds(trigger.when, facts)


def replay(flow: Flow, failure: PastFailure, terms: Terms) -> Replayed:
    """Return what the draft would have done, in order, if every try had failed."""
    begun = Episode(
        workspace_id="ws_simulation", id=failure.id, connection_id="", subject_kind="invoice",
        subject_id=failure.id, cause=failure.cause, customer_id=failure.customer_id,
        subscription_id="", amount_minor=failure.amount_minor, currency=failure.currency,
        facts=failure.facts, flow_id="", flow_version=0, step="", state="running",
        opened_at=failure.failed_at,
    )  # fmt: skip
    now = failure.failed_at
    episode = move(begun, flow.start, now, "started", "").episode
    decline_class = str(failure.facts["decline_class"])
    tried = [Attempt("card", now, is_success=False, decline_class=decline_class)]  # type: ignore[arg-type]
    plan: list[Planned] = []
    seen = {episode.step: None}  # a dict keeps the order
    for _ in range(MOST_STEPS):
        if episode.due_at is None or episode.due_at - failure.failed_at > LONGEST:
            break
        now = max(now, episode.due_at)
        step = advance(episode, flow, terms, now)
        if step is None:
            break
        episode = step.episode
        seen[episode.step] = None
        if step.action is not None:
            result = _result(step.action, step, tried, now, plan)
            after = after_action(episode, flow, step.action.kind, result, now)
            if after is None:
                break
            episode = after.episode
            seen[episode.step] = None
    return Replayed(tuple(plan), tuple(seen))


def _result(
    wanted: ActionRequest,
    step: Transition,
    tried: list[Attempt],
    now: datetime,
    plan: list[Planned],
) -> Mapping[str, Any]:
    """Return what comes of an action where every try fails, and note it in the plan."""
    if wanted.kind != "retry":
        if wanted.kind != "take_over":
            plan.append(Planned(now, wanted.kind, step.episode.step))
        return {"status": "done"}
    refused = refusal(tried, "card", now)
    if refused is not None:
        until = {"until": refused.until.isoformat()} if refused.until else {}
        return {"status": "refused", "reason": refused.reason, **until}
    before = tried[-1]
    cell = cell_of(before.decline_class, now - before.at, len(tried) + 1)
    plan.append(Planned(now, "retry", step.episode.step, cell))
    tried.append(Attempt("card", now, is_success=False, decline_class=before.decline_class))
    return {
        "status": "declined", "may_retry": before.decline_class in ("soft", "none"),
        "charge": f"simulated_{len(tried)}",
    }  # fmt: skip
