"""What follows when the provider's objects changed? Ends at once, new facts, an awaited event.

`Case` is the provider's truth about one payment, read from its API; whoever reads it builds it
(`recovery/stripe/cases.py`), nothing here knows a provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from recovery.engine.changing import end, move, stay
from recovery.engine.episode import Episode, Memory, Transition
from recovery.flows.document import Flow
from recovery.flows.facts import Facts
from recovery.flows.goals import Paid
from recovery.flows.steps import Await, Retry

Status = Literal["open", "paid", "void", "uncollectible", "canceled", "gone", "over"]
_LOST: Mapping[str, str] = {
    "void": "The invoice was voided.",
    "uncollectible": "The invoice was given up.",
    "canceled": "The subscription was canceled.",
    "gone": "The provider no longer has it.",
}


@dataclass(frozen=True, slots=True)
class SeenAttempt:
    """One try as the provider tells of it; `meaning` and code as the taxonomy has them."""

    id: str
    at: datetime
    fingerprint: str
    is_success: bool
    decline_code: str
    decline_class: str
    decline_reason: str
    wait_hours: int
    amount_minor: int
    currency: str
    is_returned: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One payment as the provider holds it now.

    Attributes:
        status: `over` is what was to happen (a card's expiry, a renewal) and no longer will.
        paid_minor: What was collected through the provider.
        paid_outside: It was settled by other means, and marked so.
        provider_retries_at: When the provider itself will try again; None where it will not.
        payment_method: The method that the next try would take; empty for none.
        attempts: Oldest first.
        card_last4: Of the card that the next try would take.
        due_at: When it is, or was, to be paid: an invoice that is charged is due when it is made.
        product_id: What is subscribed to; empty for nothing.
        told_to_end_at: When the subscription ends because it was told to.
    """

    subject_kind: str
    subject_id: str
    cause: str
    status: Status
    customer_id: str
    subscription_id: str
    amount_minor: int
    currency: str
    paid_minor: int
    paid_outside: bool
    provider_retries_at: datetime | None
    payment_method: str
    fingerprint: str
    attempts: tuple[SeenAttempt, ...]
    facts: Facts
    recipient: str = ""
    recipient_name: str = ""
    phone: str = ""
    invoice_number: str = ""
    card_last4: str = ""
    due_at: datetime | None = None
    product_id: str = ""
    told_to_end_at: datetime | None = None


def observe(
    episode: Episode, flow: Flow | None, case: Case, now: datetime, *, is_charging: bool = False
) -> Transition | None:
    """Return what the provider's present state leads to; None where nothing follows.

    `is_charging` says that a try of ours is under way: what is paid now, it paid.
    """
    if episode.state == "ended":
        return (
            _reopen(episode, flow, case, now)
            or _paid_late(episode, case, now)
            or _method_late(episode, flow, case)
        )
    is_new_method = bool(case.payment_method) and (
        case.payment_method != episode.memory.payment_method
    )
    events = ("payment_method_updated",) if is_new_method else ()
    if case.status == "paid":
        paid = _recovered(episode, case, now, is_charging=is_charging)
        return replace(paid, events=events)
    if case.status == "over":
        over = end(episode, "done", "What was to be prevented can no longer happen.", now)
        return replace(over, events=events)
    if case.status in _LOST:
        return end(episode, "lost", _LOST[case.status], now)
    newest = case.attempts[-1].id if case.attempts else ""
    memory = replace(
        episode.memory, payment_method=case.payment_method, card=case.fingerprint,
        newest_charge=newest,
        has_new_method=is_new_method or episode.memory.has_new_method,
    )  # fmt: skip
    seen = replace(
        episode, facts=case.facts, amount_minor=case.amount_minor, currency=case.currency,
        memory=memory,
    )  # fmt: skip
    is_new_failure = (
        bool(newest) and newest != episode.memory.newest_charge and not case.attempts[-1].is_success
    )
    if is_new_method and (woken := _woken(seen, flow, "payment_method_updated", now)):
        return replace(woken, events=events)
    if is_new_failure and (woken := _woken(seen, flow, "payment_failed", now)):
        return replace(woken, events=events)
    if seen == episode:
        return None
    details = {
        name: value for name, value in case.facts.items() if episode.facts.get(name) != value
    }
    return Transition(
        replace(seen, revision=episode.revision + 1), "facts_changed",
        "The provider tells more.", episode.step, details, events=events,
    )  # fmt: skip


def happened(episode: Episode, flow: Flow | None, event: str, now: datetime) -> Transition | None:
    """Return what an event that is awaited leads to (a promise was made, help was asked)."""
    return _woken(episode, flow, event, now) if episode.state == "running" else None


def _woken(episode: Episode, flow: Flow | None, event: str, now: datetime) -> Transition | None:
    if flow is None or episode.state != "running":
        return None
    step = flow.steps.get(episode.step)
    if isinstance(step, Await) and episode.awaits == event:
        tried = {"has_new_method": False} if event == "payment_method_updated" else {}
        reason = f"It happened: {event}."
        return move(episode, step.on_event, now, "event", reason, memory=tried)
    is_armed = episode.memory.phase == "armed"
    if isinstance(step, Retry) and is_armed and event == "payment_method_updated":
        reason = "There is a new method: it is tried now."
        return stay(episode, "brought_forward", reason, due_at=now, memory=episode.memory)
    return None


def _recovered(episode: Episode, case: Case, now: datetime, *, is_charging: bool) -> Transition:
    by = "payer"
    if case.paid_outside:
        by = "out_of_band"
    elif is_charging:
        by = "retry"
    elif case.provider_retries_at is None and not episode.memory.taken_over and _off_session(case):
        by = "provider"
    said = {
        "payer": "The payer paid.", "out_of_band": "It was paid by other means.",
        "retry": "Our retry was paid.", "provider": "The provider's own retry was paid.",
    }  # fmt: skip
    return end(
        episode, "recovered", said[by], now, recovered_minor=case.paid_minor, recovered_by=by
    )


def _off_session(case: Case) -> bool:
    """Say whether the try that was paid took the method that had failed before."""
    failed = {one.fingerprint for one in case.attempts if not one.is_success}
    return bool(case.attempts) and case.attempts[-1].fingerprint in failed


def _reopen(episode: Episode, flow: Flow | None, case: Case, now: datetime) -> Transition | None:
    """Begin anew where money that had come was taken back: a debit returned days later."""
    if episode.outcome != "recovered" or case.status != "open" or case.amount_minor <= 0:
        return None
    if not case.attempts or case.attempts[-1].is_success:
        return None
    # A reading from before the payment may come after it: only what is newer takes it back.
    newest = case.attempts[-1]
    if not newest.is_returned and (episode.ended_at is None or newest.at <= episode.ended_at):
        return None
    memory = Memory(
        payment_method=case.payment_method, card=case.fingerprint, newest_charge=newest.id,
        goals=_but_paid(episode, flow),
    )  # fmt: skip
    open_again: dict[str, Any] = {
        "state": "running", "outcome": "", "reason": "", "recovered_minor": 0, "recovered_by": "",
        "ended_at": None, "facts": case.facts, "cause": case.cause,
    }  # fmt: skip
    again = replace(episode, memory=memory, **open_again)
    reason = "The money was taken back: the episode begins anew."
    if flow is None:
        return stay(again, "reopened", reason, due_at=None, memory=memory)
    return move(again, flow.start, now, "reopened", reason)


def _method_late(episode: Episode, flow: Flow | None, case: Case) -> Transition | None:
    """Tell of another method after the end, where it is a goal: holdouts end as they begin."""
    if flow is None or not flow.goals or episode.outcome == "recovered":
        return None
    if case.payment_method in ("", episode.memory.payment_method):
        return None
    memory = replace(episode.memory, payment_method=case.payment_method, card=case.fingerprint)
    told = stay(episode, "facts_changed", "Another method has come after the end.", due_at=None,
                memory=memory)  # fmt: skip
    return replace(told, events=("payment_method_updated",))


def _but_paid(episode: Episode, flow: Flow | None) -> Mapping[str, Mapping[str, str]]:
    """Return the goals that stay reached when the money is taken back."""
    paid = {g.name for g in (flow.goals if flow else ()) if isinstance(g.reached, Paid)}
    return {name: at for name, at in episode.memory.goals.items() if name not in paid}


def _paid_late(episode: Episode, case: Case, now: datetime) -> Transition | None:
    """Count an invoice that is paid after its flow was over."""
    if episode.outcome == "recovered" or case.status != "paid":
        return None
    return _recovered(episode, case, now, is_charging=False)
