"""What happened to an episode, and why? Its steps and the tries of others, in one order.

A step's reason is what the engine wrote with it. A branch says which condition held, in words, and
what was known at the time of asking; a try says what the bank answered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from operator import itemgetter
from typing import Any

from recovery.flows.document import Flow
from recovery.flows.steps import Await, Branch, Case, Wait
from serving.recovery.episode_schemas import EpisodeAttempt, EpisodeDetail, EpisodeStep
from serving.recovery_pages import conditions
from serving.recovery_pages.waits import lasting, waited
from serving.recovery_pages.words import cause, outcome, plain
from serving.web.formats import money

_TITLES = {
    "started": "A flow took it",
    "branched": "Decided",
    "retry_planned": "A try is planned",
    "retry_asked": "We try to collect",
    "retry_declined": "Our try was declined",
    "retry_refused": "Not tried",
    "retry_deferred": "The try waits",
    "retry_left": "Retries are left to the provider",
    "retry_under_way": "The bank debit is under way",
    "retry_skipped": "Not tried",
    "brought_forward": "The try is brought forward",
    "take_over_asked": "We ask the provider to leave retries to us",
    "took_over": "Retries are ours",
    "not_taken_over": "Retries stay with the provider",
    "message_asked": "A message is written",
    "message_done": "Message sent",
    "message_skipped": "Message not sent",
    "message_failed": "Message failed",
    "message_unknown": "Message may have been sent",
    "task_asked": "A person is asked",
    "task_done": "Task created",
    "webhook_asked": "Other systems are told",
    "webhook_done": "Other systems were told",
    "subscription_asked": "The subscription is changed",
    "subscription_done": "The subscription was changed",
    "wait_began": "Waits",
    "wait_over": "The wait is over",
    "timed_out": "Nothing came in time",
    "event": "It happened",
    "deferred": "Postponed",
    "paused": "Paused",
    "resumed": "Resumed",
    "reopened": "Begins anew",
    "facts_changed": "The provider tells more",
    "goal_reached": "Goal reached",
}
_MINOR = frozenset({
    "retry_asked", "take_over_asked", "message_asked", "task_asked", "webhook_asked",
    "subscription_asked", "wait_over", "facts_changed", "retry_planned", "started",
})  # fmt: skip
_TONES = {
    "retry_declined": "bad", "message_failed": "bad", "message_done": "good", "paused": "warn",
    "goal_reached": "good", "retry_refused": "warn", "message_skipped": "warn",
    "not_taken_over": "warn",
}  # fmt: skip
# What a step's details say that its title, reason or amount says already.
_SAID = frozenset(
    {
        "status",
        "outcome",
        "port",
        "reason",
        "flow_id",
        "version",
        "experiment",
        "arm",
        "may_retry",
        "goals",
    }
)


# Codes in a reason of the engine's, which people need not read as such; no part of an address.
_CODE = re.compile(r"(?<![\w.+@-])[a-z]+(?:_[a-z]+)+(?![\w+-]*@|\.?\w)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline.

    Attributes:
        why: The reason, in a sentence.
        place: The step of the flow, and where it led.
        facts: What is known besides, by name.
        tone: good, bad, warn, or empty.
    """

    at: datetime
    title: str
    why: str
    place: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    tone: str = ""
    is_minor: bool = False


def timeline(detail: EpisodeDetail, flow: Flow | None) -> list[Entry]:
    """Return an episode's entries, newest first."""
    told = {str(step.details.get("charge")) for step in detail.steps if "charge" in step.details}
    told |= {_paid_by_us(detail)}
    # Steps keep the order of their revisions, whatever a clock said; tries of others lie between.
    reached = accumulate((step.at for step in detail.steps), max)
    dated = [
        (at, step.revision, _step(step, detail, flow))
        for at, step in zip(reached, detail.steps, strict=True)
    ]
    dated += [
        (one.attempted_at, -1, _attempt(one)) for one in detail.attempts if one.id not in told
    ]
    return [entry for *_, entry in sorted(dated, key=itemgetter(0, 1), reverse=True)]


def _step(step: EpisodeStep, detail: EpisodeDetail, flow: Flow | None) -> Entry:
    title, why, tone = _TITLES.get(step.kind, ""), step.reason, _TONES.get(step.kind, "")
    facts = [
        (plain(name), _words(value) if name == "words" else conditions.fact_text(value))
        for name, value in step.details.items()
        if name not in _SAID and name != "known" and value not in (None, "", {}, [])
    ]
    if isinstance(looked_at := step.details.get("known"), dict):
        facts += conditions.known(looked_at)
    if step.kind == "opened":
        title = cause(str(step.details.get("cause", detail.cause)))
        why, facts = f"{money(detail.amount_minor, detail.currency)} is owed.", []
    elif step.kind == "ended":
        title, tone = _ended(step)
        ended = [one for one in detail.steps if one.kind == "ended"]
        charge = _paid_by_us(detail) if step is ended[-1] else ""
        facts = [("Charge", charge)] if charge else conditions.known(step.details.get("known", {}))
    elif step.kind == "assigned":
        title = f"Drawn into “{step.details.get('arm')}” of “{step.details.get('experiment')}”"
        why = "By hash of the customer: the same customer always lands here."
    elif step.kind == "branched":
        decided = _branched(step, detail, flow)
        if decided is not None:
            why, facts = decided
    elif step.kind == "wait_began":
        waits = flow.steps.get(step.to_step) if flow is not None else None
        if isinstance(waits, Wait):
            why = f"Waits {waited(waits.until)}."
        elif isinstance(waits, Await):
            why = f"Waits for {plain(waits.event).lower()}, {lasting(waits.timeout)} at most."
    elif step.kind.startswith("manual_"):
        _, kind, status = step.kind.split("_", 2)
        is_alert = step.details.get("channel") == "slack"
        title = f"{'Alert' if is_alert else f'{plain(kind)} by hand'}: {plain(status).lower()}"
        tone = "bad" if status in ("declined", "failed") else tone
    elif not title:
        title = plain(step.kind)
    why = _CODE.sub(lambda code: code[0].replace("_", " "), why)
    return Entry(step.at, title, why, _place(step, flow), facts, tone, is_minor=step.kind in _MINOR)


def _words(value: object) -> str:
    """Say which words a message had: purpose, language, tone and version, as its sender kept."""
    *named, version = str(value).split("/")
    return f"{', '.join(named)}: {'the library’s' if version == '0' else f'version {version}'}"


def _paid_by_us(detail: EpisodeDetail) -> str:
    """Return the charge of ours that was paid: the engine tells the outcome, Stripe the charge."""
    paid = [one.id for one in detail.attempts if one.is_success]
    return paid[-1] if paid and detail.recovered_by == "retry" else ""


def _ended(step: EpisodeStep) -> tuple[str, str]:
    code = str(step.details.get("outcome", ""))
    return outcome(code) or "Ended", {"recovered": "good", "lost": "bad"}.get(code, "")


def _branched(
    step: EpisodeStep, detail: EpisodeDetail, flow: Flow | None
) -> tuple[str, list[tuple[str, str]]] | None:
    """Return which condition held and the facts that it looks at; None where that is not known."""
    branch = flow.steps.get(step.from_step) if flow is not None else None
    if not isinstance(branch, Branch):
        return None
    port = str(step.details.get("port", ""))
    if port == "otherwise":
        return "None of its conditions held.", _looked_at(step, detail, branch.cases)
    number = port.removeprefix("case_")
    if not number.isdigit() or int(number) >= len(branch.cases):
        return None
    held = branch.cases[int(number)]
    return f"It held that {conditions.said(held.when)}.", _looked_at(step, detail, [held])


def _looked_at(
    step: EpisodeStep, detail: EpisodeDetail, cases: Sequence[Case]
) -> list[tuple[str, str]]:
    """Return what was known when it was decided; of before that was kept, what is known now."""
    kept = step.details.get("known")
    if isinstance(kept, dict):
        return conditions.known(kept)
    known: Mapping[str, Any] = {
        **detail.facts, "cause": detail.cause, "amount": detail.amount_minor,
        "currency": detail.currency,
    }  # fmt: skip
    return [pair for case in cases for pair in conditions.compared(case.when, known)]


def _place(step: EpisodeStep, flow: Flow | None) -> str:
    names = [_named(name, flow) for name in (step.from_step, step.to_step) if name]
    if len(names) == 2 and names[0] == names[1]:
        names = names[:1]
    return " → ".join(names)


def _named(step: str, flow: Flow | None) -> str:
    found = flow.steps.get(step) if flow is not None else None
    return (found.title if found is not None else "") or plain(step)


def _attempt(one: EpisodeAttempt) -> Entry:
    who = "We" if one.is_ours else "The provider or the payer"
    amount = money(one.amount_minor, one.currency)
    if one.is_success:
        return Entry(one.attempted_at, f"{amount} was paid", f"{who} tried.", tone="good",
                     facts=[("Charge", one.id)])  # fmt: skip
    said = plain(one.decline_code) if one.decline_code else "No reason was given"
    kinds = {
        "hard": "This method will not be approved again.",
        "soft": "The same method may be tried again.",
        "action_needed": "Only the customer can help.",
    }
    why = f"{who} tried {amount}. {kinds.get(one.decline_class, '')}".strip()
    return Entry(one.attempted_at, f"Declined: {said.lower()}", why, tone="bad",
                 facts=[("Charge", one.id)])  # fmt: skip
