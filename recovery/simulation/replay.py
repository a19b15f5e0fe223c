"""What does the engine do with one card's past failures? Its own transitions, all tries declined.

The path is that of an episode whose tries all fail: every try on it is reached with the chance that
those before it failed, so that one walk holds the whole tree. Messages move nobody here (nothing in
the past tells what they would), and nobody brings a new card: the expected cash is the tries' own.

The card networks count tries by card, whatever payment they were for: payments that failed on one
card are walked side by side, in the order of their timers, as the worker takes them.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from recovery.simulation.history import PastFailure, PastTry

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
    """What the draft would have done with one failure, and the steps it came to, each once.

    `held_back` counts the tries that the card networks' limits put off; `goals` are those whose
    condition came to hold, and how much of the plan was done by then.
    """

    plan: tuple[Planned, ...]
    steps: tuple[str, ...]
    held_back: int = 0
    goals: Mapping[str, int] = field(default_factory=dict)


def would_take(flow: Flow, failure: PastFailure) -> bool:
    """Say whether the flow's trigger takes a failure."""
    trigger = flow.trigger
    if failure.cause not in trigger.causes:
        return False
    facts = {
        **failure.facts, "amount": failure.amount_minor, "currency": failure.currency,
        "cause": failure.cause, "attempts_ours": 0, "messages": 0, "days_open": 0,
        "today": failure.failed_at.date().isoformat(),
    }  # fmt: skip
    return trigger.when is None or holds(trigger.when, facts)


def replay(
    flow: Flow, failures: Sequence[PastFailure], terms: Terms, others: Sequence[PastTry] = ()
) -> list[Replayed]:
    """Return what the draft would have done with each failure, in order, if every try had failed.

    Args:
        flow: The draft.
        failures: Of one card.
        terms: Who retries, and whose clock counts.
        others: Tries on the card that the draft has no part in.
    """
    walks = [_Walk(flow, failure) for failure in failures]
    card = _Card([*others, *(failure.tries[0] for failure in failures)])
    # What the unified layer knew stands among a failure's facts already.
    seeing = replace(terms, tries=lambda _: card.tried, lookup=lambda *_: {})
    timers = [(walk.began, number) for number, walk in enumerate(walks)]
    heapq.heapify(timers)
    while timers:
        now, number = heapq.heappop(timers)
        card.seen_at(now)
        due = walks[number].turn(seeing, card, now)
        if due is not None:
            heapq.heappush(timers, (max(now, due), number))
    return [walk.replayed() for walk in walks]


class _Card:
    """The tries on a card, as far as they were made by a moment."""

    def __init__(self, past: Sequence[PastTry]) -> None:
        self.tried: list[Attempt] = []
        self._coming = sorted(past, key=lambda one: one.at, reverse=True)

    def seen_at(self, now: datetime) -> None:
        while self._coming and self._coming[-1].at <= now:
            self.tried.append(_attempt(self._coming.pop()))


@dataclass
class _Walk:
    """One failure's episode on its way."""

    flow: Flow
    failure: PastFailure
    plan: list[Planned] = field(default_factory=list)
    steps: dict[str, None] = field(default_factory=dict)  # a dict keeps the order
    goals: dict[str, int] = field(default_factory=dict)
    taken: int = 0
    held_back: int = 0

    def __post_init__(self) -> None:
        failure = self.failure
        self.began = self.newest_at = failure.failed_at
        self.tries = 1
        begun = Episode(
            workspace_id="ws_simulation", id=failure.id, connection_id="", subject_kind="invoice",
            subject_id=failure.id, cause=failure.cause, customer_id=failure.customer_id,
            subscription_id="", amount_minor=failure.amount_minor, currency=failure.currency,
            facts=failure.facts, flow_id="", flow_version=0, step="", state="running",
            opened_at=failure.failed_at,
        )  # fmt: skip
        self.episode = move(begun, self.flow.start, self.began, "started", "").episode
        self.steps[self.episode.step] = None

    def turn(self, terms: Terms, card: _Card, now: datetime) -> datetime | None:
        """Take one step and what comes of it; return when the next is due, None at the end."""
        step = advance(self.episode, self.flow, terms, now)
        if step is None:
            return None
        self._go(step)
        if step.action is not None:
            result = self._result(step.action, card, now)
            after = after_action(self.episode, self.flow, step.action.kind, result, now)
            if after is None:
                return None
            self._go(after)
        self.taken += 1
        due = self.episode.due_at
        is_over = due is None or due - self.began > LONGEST or self.taken >= MOST_STEPS
        return None if is_over else due

    def replayed(self) -> Replayed:
        return Replayed(tuple(self.plan), tuple(self.steps), self.held_back, self.goals)

    def _go(self, step: Transition) -> None:
        self.episode = step.episode
        self.steps[step.episode.step] = None
        for name in step.episode.memory.goals:
            self.goals.setdefault(name, len(self.plan))
        self.held_back += step.kind == "retry_deferred" or "held_back_from" in step.details

    def _result(self, wanted: ActionRequest, card: _Card, now: datetime) -> Mapping[str, Any]:
        """Return what comes of an action where every try fails, and note it in the plan."""
        if wanted.kind != "retry":
            if wanted.kind != "take_over":
                self.plan.append(Planned(now, wanted.kind, self.episode.step))
            return {"status": "done"}
        refused = refusal(card.tried, _CARD, now)
        if refused is not None:
            until = {"until": refused.until.isoformat()} if refused.until else {}
            return {"status": "refused", "reason": refused.reason, **until}
        first = self.failure.tries[0]
        self.tries += 1
        cell = cell_of(first.decline_class, now - self.newest_at, self.tries)
        self.plan.append(Planned(now, "retry", self.episode.step, cell))
        self.newest_at = now
        # Declined as the first was: for the same reason, with the same advice.
        card.tried.append(_attempt(replace(first, at=now)))
        return {
            "status": "declined", "may_retry": first.decline_class in ("soft", "none"),
            "charge": f"simulated_{self.tries}",
        }  # fmt: skip


_CARD = "card"


def _attempt(made: PastTry) -> Attempt:
    return Attempt(_CARD, made.at, made.is_success, made.decline_class, made.wait)
