"""What may a person do to an episode? Pause, resume and close it; the rest are actions."""

from dataclasses import replace
from datetime import datetime

from recovery.engine.changing import end, stay
from recovery.engine.episode import Episode, Transition


def pause(episode: Episode, who: str) -> Transition | None:
    """Stop the episode's timers; what is under way is finished. None if it does not run."""
    if episode.state != "running":
        return None
    due = "" if episode.due_at is None else episode.due_at.isoformat()
    memory = replace(episode.memory, paused_due=due)
    told = stay(episode, "paused", f"Paused by {who}.", due_at=None, awaits=episode.awaits,
                memory=memory)  # fmt: skip
    return replace(told, episode=replace(told.episode, state="paused"))


def resume(episode: Episode, who: str, now: datetime) -> Transition | None:
    """Let a paused episode go on; a timer that has ended meanwhile ends now. None if not paused."""
    if episode.state != "paused":
        return None
    kept = episode.memory.paused_due
    due = None if not kept else max(now, datetime.fromisoformat(kept))
    if due is None and episode.memory.phase != "acting" and episode.flow_id is not None:
        due = now  # an action's result came meanwhile: its step has gone on
    memory = replace(episode.memory, paused_due="")
    told = stay(episode, "resumed", f"Resumed by {who}.", due_at=due, awaits=episode.awaits,
                memory=memory)  # fmt: skip
    return replace(told, episode=replace(told.episode, state="running"))


def close(episode: Episode, who: str, now: datetime) -> Transition | None:
    """End it by hand; an invoice that is paid afterwards still counts. None if it has ended."""
    if episode.state == "ended":
        return None
    return end(episode, "closed", f"Closed by {who}.", now)
