"""Could a flow try a method again after a firm no? The classes of refusal are followed through it.

At each step the set of classes that the newest refusal may be of; a branch over `decline_class`
narrows it, a retry that ended sets it, a new method empties it. The engine refuses such a try
anyway: a flow that would come to it is a mistake of its author's all the same.
"""

from collections.abc import Iterator, Mapping

from recovery.flows.conditions import may_hold
from recovery.flows.document import Flow
from recovery.flows.facts import DECLINE_CLASSES
from recovery.flows.findings import Finding, error
from recovery.flows.steps import Await, Branch, Retry, Step

Classes = frozenset[str]
_FIRM: Classes = frozenset({"hard", "action_needed"})


def refusal_findings(flow: Flow) -> Iterator[Finding]:
    """Yield the retries that can be reached with a refusal that forbids them."""
    arriving = classes_at(flow)
    for name, step in flow.steps.items():
        firm = arriving.get(name, frozenset()) & _FIRM
        if isinstance(step, Retry) and firm:
            yield error(
                "retry_after_refusal", name,
                f"It can be reached after a refusal of class {' or '.join(sorted(firm))}.",
                "Branch on decline_class before it, or wait for a new payment method.",
            )  # fmt: skip


def classes_at(flow: Flow) -> Mapping[str, Classes]:
    """Return, for each step, the classes that the newest refusal may be of when it is entered."""
    begin = frozenset(
        name
        for name in DECLINE_CLASSES
        if flow.trigger.when is None
        or may_hold(flow.trigger.when, {"decline_class": name}) is not False
    )
    if set(flow.trigger.causes) == {"action_required"}:
        begin &= {"action_needed"}
    elif "action_required" not in flow.trigger.causes and not _others(flow):
        begin -= {"action_needed"}
    found: dict[str, Classes] = {flow.start: begin}
    waiting = [flow.start]
    while waiting:
        name = waiting.pop()
        for to, classes in _leaving(flow.steps[name], found[name]):
            if not classes <= found.get(to, frozenset()):
                found[to] = found.get(to, frozenset()) | classes
                waiting.append(to)
    return found


def _others(flow: Flow) -> bool:
    """Say whether a cause of the trigger can come with a refusal that wants the customer."""
    return bool(set(flow.trigger.causes) - {"card_expiring", "upcoming_renewal", "past_due"})


def _leaving(step: Step, classes: Classes) -> Iterator[tuple[str, Classes]]:
    if isinstance(step, Branch):
        left = classes
        for case in step.cases:
            verdicts = {name: may_hold(case.when, {"decline_class": name}) for name in left}
            yield case.next, frozenset(name for name in left if verdicts[name] is not False)
            left = frozenset(name for name in left if verdicts[name] is not True)
        yield step.otherwise, left
    elif isinstance(step, Retry):
        # All tries declined softly, or one of them firmly.
        yield step.next, frozenset({"soft"})
        yield step.on_stop, classes | _FIRM
    elif isinstance(step, Await) and step.event == "payment_method_updated":
        yield step.on_event, frozenset({"none"})
        yield step.on_timeout, classes
    else:
        for to in step.exits().values():
            yield to, classes
