"""Could a flow try or write more often than is allowed? Counted along its shortest ways."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

from recovery.flows.document import Flow
from recovery.flows.findings import Finding, error, warning
from recovery.flows.graph import NO_TIME, edges_between_tries, edges_of, soonest
from recovery.flows.steps import Message, Retry
from recovery.flows.waits import least
from recovery.limits import WINDOWS

# The first attempt, which failed, is none of the flow's and counts all the same.
_BEFORE = 1


def limit_findings(flow: Flow) -> Iterator[Finding]:
    """Yield the card networks' limits, and the flow's own message caps, that it could pass."""
    retries = {
        name: tuple(accumulate(least(until) for until in step.schedule))
        for name, step in flow.steps.items()
        if isinstance(step, Retry)
    }
    for most, window in WINDOWS:
        within = (
            soonest(edges_between_tries(flow), retries, most - _BEFORE + 1) if retries else None
        )
        if within is not None and within < window:
            yield error(
                "card_network_limit", min(retries),
                f"{most + 1} attempts within {_words(window)} are possible, {most} are allowed.",
                "Wait longer between the retries, or plan fewer.",
            )  # fmt: skip
    messages = {
        name: (NO_TIME,)
        for name, step in flow.steps.items()
        if isinstance(step, Message) and step.channel != "slack"
    }
    for cap in flow.message_caps:
        within = soonest(edges_of(flow), messages, cap.messages + 1) if messages else None
        if within is not None and within < timedelta(days=cap.days):
            yield warning(
                "message_cap", min(messages),
                f"More messages are possible than the cap of {cap.messages} in {cap.days} d allows:"
                " what is above it waits for a day at most, then it is passed over.",
                "Wait longer between the messages, or raise the cap.",
            )  # fmt: skip


def _words(window: timedelta) -> str:
    return f"{window.days} days" if window.days > 1 else "24 hours"
