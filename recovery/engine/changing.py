"""How does an episode change? The few ways, each a new value with the next revision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from recovery.engine.episode import ActionRequest, Episode, Memory, Transition


def move(
    episode: Episode, to: str, now: datetime, kind: str, reason: str, **changes: Any
) -> Transition:
    """Enter another step, due at once."""
    details = changes.pop("details", {})
    assignment = changes.pop("assignment", None)
    memory = replace(
        episode.memory, phase="entering", try_number=0, pending="", **changes.pop("memory", {})
    )
    after = replace(
        episode, step=to, memory=memory, awaits="", due_at=now, revision=episode.revision + 1,
        **changes,
    )  # fmt: skip
    return Transition(after, kind, reason, episode.step, details, assignment=assignment)


def stay(
    episode: Episode,
    kind: str,
    reason: str,
    *,
    due_at: datetime | None,
    awaits: str = "",
    memory: Memory,
    details: Mapping[str, Any] | None = None,
) -> Transition:
    """Remain at the step, in another phase of it."""
    after = replace(
        episode, memory=memory, awaits=awaits, due_at=due_at, revision=episode.revision + 1
    )
    return Transition(after, kind, reason, episode.step, details or {})


def act(episode: Episode, request: ActionRequest, reason: str) -> Transition:
    """Have something done; the result moves the episode on."""
    memory = replace(episode.memory, phase="acting", pending=request.kind)
    after = replace(episode, memory=memory, awaits="", due_at=None, revision=episode.revision + 1)
    return Transition(
        after, f"{request.kind}_asked", reason, episode.step, dict(request.content), action=request
    )


def end(
    episode: Episode,
    outcome: str,
    reason: str,
    now: datetime,
    *,
    recovered_minor: int = 0,
    recovered_by: str = "",
) -> Transition:
    """Close the episode; nothing of it is due any more."""
    memory = replace(episode.memory, phase="entering", try_number=0, pending="")
    after = replace(
        episode, state="ended", outcome=outcome, reason=reason, ended_at=now, due_at=None,
        awaits="", memory=memory, revision=episode.revision + 1, recovered_minor=recovered_minor,
        recovered_by=recovered_by,
    )  # fmt: skip
    details: dict[str, Any] = {"outcome": outcome}
    if recovered_minor:
        details |= {"recovered_minor": recovered_minor, "recovered_by": recovered_by}
    return Transition(after, "ended", reason, episode.step, details)
