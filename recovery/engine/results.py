"""Where does an episode go when an action of its step is over?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from recovery.engine.changing import end, move, stay
from recovery.engine.episode import Episode, Transition
from recovery.flows.document import Flow
from recovery.flows.steps import Message, Retry

# A bank debit that was accepted is under way for so long at most; the invoice tells its end.
UNDER_WAY = timedelta(days=14)


def after_action(
    episode: Episode, flow: Flow, kind: str, result: Mapping[str, Any], now: datetime
) -> Transition | None:
    """Return what a result leads to; None where the episode no longer waits for it.

    Args:
        episode: As it is now.
        flow: Its version.
        kind: The action's kind.
        result: Of a retry `status` is succeeded, declined, refused, or processing; of others done,
            skipped, failed or unknown.
        now: The moment.
    """
    memory = episode.memory
    if episode.state == "ended" or memory.phase != "acting" or memory.pending != kind:
        return None
    if kind == "retry":
        return _held_back(_after_retry(episode, flow, result, now))
    return _held_back(_after_other(episode, flow, kind, result, now))


def _held_back(step: Transition) -> Transition:
    """Keep a paused episode's next timer for when it is resumed."""
    after = step.episode
    if after.state != "paused" or after.due_at is None:
        return step
    memory = replace(after.memory, paused_due=after.due_at.isoformat())
    return replace(step, episode=replace(after, due_at=None, memory=memory))


def _after_other(
    episode: Episode, flow: Flow, kind: str, result: Mapping[str, Any], now: datetime
) -> Transition:
    memory = episode.memory
    status = str(result["status"])
    if kind == "take_over":
        taken = status == "done"
        memory = replace(memory, phase="entering", pending="", taken_over=taken, not_ours=not taken)
        said = "The provider has left retries to us." if taken else str(result.get("reason", ""))
        return stay(episode, "took_over" if taken else "not_taken_over", said, due_at=now,
                    memory=memory)  # fmt: skip
    if status == "deferred":
        memory = replace(memory, phase="armed", pending="")
        due_at = datetime.fromisoformat(str(result["until"]))
        return stay(episode, "deferred", str(result["reason"]), due_at=due_at, memory=memory,
                    details=result)  # fmt: skip
    step = flow.steps[episode.step]
    to_payer = isinstance(step, Message) and step.channel != "slack"
    sent = to_payer and status in ("done", "unknown")
    reason = str(result.get("reason") or f"The {kind} is {status}.")
    return move(
        episode, getattr(step, "next"), now, f"{kind}_{status}", reason,  # noqa: B009
        memory={"messages": memory.messages + int(sent)}, details=dict(result),
    )  # fmt: skip


def _after_retry(
    episode: Episode, flow: Flow, result: Mapping[str, Any], now: datetime
) -> Transition:
    step = flow.steps[episode.step]
    assert isinstance(step, Retry)
    status, reason = str(result["status"]), str(result.get("reason", ""))
    details = dict(result)
    if status == "succeeded":
        return end(
            episode, "recovered", "Our retry was paid.", now,
            recovered_minor=int(result["amount_minor"]), recovered_by="retry",
        )  # fmt: skip
    if status == "processing":
        memory = replace(episode.memory, phase="armed", pending="")
        return stay(episode, "retry_under_way", "The bank debit is under way.",
                    due_at=now + UNDER_WAY, memory=memory, details=details)  # fmt: skip
    if status == "refused":
        until = result.get("until")
        if until is not None:
            due_at = datetime.fromisoformat(str(until))
            memory = replace(episode.memory, phase="armed", pending="")
            return stay(episode, "retry_deferred", reason, due_at=due_at, memory=memory,
                        details=details)  # fmt: skip
        return move(episode, step.on_stop, now, "retry_refused", reason, details=details)
    ours = episode.memory.attempts_ours + 1
    # As the provider will tell it: what it then says is no news.
    charge = str(result.get("charge") or episode.memory.newest_charge)
    is_new = charge != episode.memory.newest_charge
    counted: dict[str, Any] = {
        "attempts_ours": ours, "newest_charge": charge, "has_new_method": False,
    }  # fmt: skip
    facts = {**episode.facts, **{name: result[name] for name in _TOLD if name in result}}
    if is_new and isinstance(made := facts.get("attempts"), int):
        facts["attempts"] = made + 1
    if status == "declined" and not result["may_retry"]:
        return move(
            episode, step.on_stop, now, "retry_declined", reason, details=details, memory=counted,
            facts=facts,
        )  # fmt: skip
    number = episode.memory.try_number + 1
    if number >= len(step.schedule):
        return move(
            episode, step.next, now, "retry_declined", reason, details=details, memory=counted,
            facts=facts,
        )  # fmt: skip
    memory = replace(episode.memory, phase="entering", pending="", try_number=number, **counted)
    told = stay(episode, "retry_declined", reason, due_at=now, memory=memory, details=details)
    return replace(told, episode=replace(told.episode, facts=facts))


_TOLD = ("decline_code", "decline_class", "decline_reason")


def after_manual(
    episode: Episode, kind: str, result: Mapping[str, Any], now: datetime
) -> Transition | None:
    """Return what a person's action leads to: its line in the timeline, or a paid invoice.

    The flow goes on where it was; such a try does not spend the flow's own.
    """
    if episode.state == "ended":
        return None
    if kind == "retry" and result["status"] == "succeeded":
        return end(
            episode, "recovered", "A retry by hand was paid.", now,
            recovered_minor=int(result["amount_minor"]), recovered_by="retry",
        )  # fmt: skip
    reason = str(result.get("reason") or f"The {kind} by hand is {result['status']}.")
    return stay(
        episode, f"manual_{kind}_{result['status']}", reason, due_at=episode.due_at,
        awaits=episode.awaits, memory=episode.memory, details=result,
    )  # fmt: skip
