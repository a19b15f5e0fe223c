"""How is a flow read as text? Its steps as one comes to them, and where each leads.

The builder's page holds it for whoever has no script; with scripts the canvas takes its place.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from recovery.flows.document import Flow, document_of
from serving.recovery_pages.words import plain

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
# Said by title, kind or ways out, so not again.
_SAID = frozenset({"title", "kind", "next", "otherwise", "on_event", "on_timeout", "on_stop"})


class Line(NamedTuple):
    """One step: its number, kind and title, what it is set to, and its ways out."""

    number: int
    kind: str
    title: str
    settings: list[tuple[str, str]]
    ways: list[tuple[str, str]]


def outline(flow: Flow) -> list[Line]:
    """Return every step of a flow, those that nothing reaches last."""
    document, order = document_of(flow), list(_order(flow))
    numbers = {name: number for number, name in enumerate(order, 1)}
    found = []
    for name in order:
        step = document["steps"][name]
        ways = [
            (plain(port), f"{numbers[to]} {_title(document, to)}" if to in numbers else "nowhere")
            for port, to in flow.steps[name].exits().items()
        ]
        settings = [
            (plain(key), _written(value))
            for key, value in step.items()
            if key not in _SAID and value not in ("", None)
        ]
        kind = KINDS[step["kind"]]
        found.append(Line(numbers[name], kind, _title(document, name), settings, ways))
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


def _title(document: dict[str, Any], name: str) -> str:
    return document["steps"][name]["title"] or plain(name)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{plain(key).lower()} {_written(held)}" for key, held in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_written(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
