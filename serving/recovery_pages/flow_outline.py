"""How is a flow read as text? Its steps as one comes to them, and where each leads.

The builder's page holds it for whoever has no script; with scripts the canvas takes its place.
"""

from collections.abc import Iterator
from typing import NamedTuple

from recovery.flows.document import Flow
from recovery.flows.steps import (
    Await,
    Branch,
    End,
    Message,
    Retry,
    Split,
    Step,
    Subscription,
    Task,
    Wait,
    Webhook,
)
from recovery.flows.waits import Duration, Payday, Until
from serving.recovery_pages.conditions import said
from serving.recovery_pages.waits import lasting, waited
from serving.recovery_pages.words import OUTCOMES, plain

KINDS = {
    "wait": "Wait",
    "await": "Wait for an event",
    "branch": "Branch",
    "retry": "Retry payment",
    "message": "Message",
    "task": "Task for a person",
    "webhook": "Webhook",
    "subscription": "Subscription",
    "split": "A/B split",
    "end": "End",
}


_CHANNELS = {"email": "email", "sms": "text message", "slack": "Slack"}


class Line(NamedTuple):
    """One step: its number, kind and title, what it is set to, and its ways out."""

    number: int
    kind: str
    title: str
    settings: list[tuple[str, str]]
    ways: list[tuple[str, str]]


def outline(flow: Flow) -> list[Line]:
    """Return every step of a flow, those that nothing reaches last."""
    order = list(_order(flow))
    numbers = {name: number for number, name in enumerate(order, 1)}
    found = []
    for name in order:
        step = flow.steps[name]
        ports = _ports(step)
        ways = [
            (ports.get(port, plain(port)), f"{numbers[to]} {_title(flow, to)}")
            if to in numbers
            else (ports.get(port, plain(port)), "nowhere")
            for port, to in step.exits().items()
        ]
        found.append(
            Line(numbers[name], KINDS[step.kind], _title(flow, name), _settings(step), ways)
        )
    return found


def _order(flow: Flow) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [*sorted(flow.steps, reverse=True), flow.start]
    while waiting:
        name = waiting.pop()
        if name in flow.steps and name not in seen:
            seen.add(name)
            yield name
            waiting += reversed(list(flow.steps[name].exits().values()))


def _title(flow: Flow, name: str) -> str:
    return flow.steps[name].title or plain(name)


def _ports(step: Step) -> dict[str, str]:
    """Return what ways out are called, where their own name says too little."""
    match step:
        case Branch():
            return {
                f"case_{n}": f"If {_uncapped(said(one.when))}" for n, one in enumerate(step.cases)
            }
        case Split():
            return {
                arm.name: f"{plain(arm.name)}, {arm.share} %{', held out' if arm.holdout else ''}"
                for arm in step.arms
            }
        case Retry():
            return {"next": "All declined", "on_stop": "Must not be tried again"}
        case Await():
            return {"on_event": "It came", "on_timeout": "It did not come in time"}
    return {}


def _settings(step: Step) -> list[tuple[str, str]]:
    """Return what a step is set to, in words."""
    match step:
        case Wait():
            return [("Waits", waited(step.until))]
        case Await():
            event = plain(step.goal or step.event).lower()
            return [("Waits for", event), ("At most", lasting(step.timeout) or "no time at all")]
        case Retry():
            tries = [f"{number}. {_tried(until)}" for number, until in enumerate(step.schedule, 1)]
            timing = f"at the likeliest hour of the {step.within_hours} after each"
            return [("Tries", "; ".join(tries))] + (
                [("Timing", timing)] if step.timing == "propensity" else []
            )
        case Message():
            basis = "with consent only" if step.basis == "consent" else "about the contract"
            return [
                ("Sends", f"{plain(step.template)} by {_CHANNELS[step.channel]}"),
                ("Tone", "the brand's" if step.tone == "brand" else step.tone), ("Why", basis),
            ]  # fmt: skip
        case Task():
            return [("Asks", step.instruction)]
        case Webhook():
            return [("Label", step.label)]
        case Subscription():
            price = f" to {step.price}" if step.price else ""
            return [("Does", f"{step.do} it{price}")]
        case Split():
            return [("Experiment", plain(step.experiment))]
        case End():
            return [("Outcome", OUTCOMES.get(step.outcome, plain(step.outcome)).lower())]
    return []


def _tried(until: Until) -> str:
    """Return when a try is made: counted from the one before it."""
    if isinstance(until, Duration):
        length = lasting(until)
        return f"after {length}" if length else "at once"
    words = waited(until).removeprefix("until ").replace("from now", "later")
    return f"{'on' if isinstance(until, Payday) else 'at'} {words}"


def _uncapped(text: str) -> str:
    return text[:1].lower() + text[1:]
