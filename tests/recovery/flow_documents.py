"""Small flows for tests: whole documents, the parts that matter overridden."""

from typing import Any

from recovery.flows.document import Flow, flow_of

DAYS_2 = {"kind": "duration", "days": 2}
END = {"kind": "end"}


def document(**changes: Any) -> dict[str, Any]:
    """A flow that branches on the class, tries twice and writes once."""
    return {
        "name": "Renewals",
        "trigger": {"causes": ["renewal"]},
        "start": "kind",
        "steps": {
            "kind": {
                "kind": "branch",
                "cases": [
                    {
                        "when": {"fact": "decline_class", "op": "in", "value": ["soft", "none"]},
                        "next": "tries",
                    }
                ],
                "otherwise": "write",
            },
            "tries": {
                "kind": "retry", "schedule": [DAYS_2, {"kind": "duration", "days": 3}],
                "next": "write", "on_stop": "write",
            },
            "write": {"kind": "message", "template": "update_card", "next": "over"},
            "over": END,
        },
    } | changes  # fmt: skip


def flow(**changes: Any) -> Flow:
    """The flow of such a document."""
    return flow_of(document(**changes))


def steps(start: str = "first", causes: tuple[str, ...] = ("renewal",), **given: Any) -> Flow:
    """A flow of just these steps."""
    trigger = {"causes": list(causes)}
    return flow(steps=given, start=start, trigger=trigger)
