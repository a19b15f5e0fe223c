"""Can a flow be published? Every rule, each a function from the flow to its findings."""

from collections.abc import Callable, Iterator

from recovery.flows import conditions
from recovery.flows.document import NOTHING_TO_RETRY, Flow
from recovery.flows.findings import Finding, error, warning
from recovery.flows.graph import edges_of, loops_without_time, reachable, walk
from recovery.flows.limits import limit_findings
from recovery.flows.refusals import refusal_findings
from recovery.flows.steps import Branch, Message, Retry, Split, Subscription

Rule = Callable[[Flow], Iterator[Finding]]


def validate(flow: Flow) -> list[Finding]:
    """Return every finding; a flow without errors can be published."""
    structural = [finding for rule in _STRUCTURE for finding in rule(flow)]
    if any(finding.severity == "error" for finding in structural):
        return structural  # what follows walks the graph, which must be one
    return structural + [finding for rule in _CONDUCT for finding in rule(flow)]


def is_publishable(findings: list[Finding]) -> bool:
    """Say whether nothing keeps the flow from being published."""
    return all(finding.severity != "error" for finding in findings)


def _targets(flow: Flow) -> Iterator[Finding]:
    if flow.start not in flow.steps:
        yield error("missing_step", "", f"The flow starts at {flow.start}, which does not exist.",
                    "Name an existing step as the start.")  # fmt: skip
    for name, port, to in walk(flow):
        if to not in flow.steps:
            yield error("missing_step", name, f"{port} leads to {to}, which does not exist.",
                        "Connect it to a step.")  # fmt: skip


def _reached(flow: Flow) -> Iterator[Finding]:
    if flow.start in flow.steps:
        for name in sorted(set(flow.steps) - reachable(edges_of(flow), flow.start)):
            yield error("unreachable_step", name, "No way leads to this step.",
                        "Connect it, or remove it.")  # fmt: skip


def _size(flow: Flow) -> Iterator[Finding]:
    for kind, most in ((Retry, 20), (Message, 60)):
        if sum(isinstance(step, kind) for step in flow.steps.values()) > most:
            yield error("too_many_steps", "", f"A flow has {most} {kind.__name__} steps at most.",
                        "Take steps out, or make two flows of it.")  # fmt: skip


def _conditions(flow: Flow) -> Iterator[Finding]:
    stated: list[tuple[str, conditions.Condition]] = [("", each.when) for each in flow.exits]
    if flow.trigger.when is not None:
        stated.append(("", flow.trigger.when))
    for name, step in flow.steps.items():
        if isinstance(step, Branch):
            stated += [(name, case.when) for case in step.cases]
    for name, condition in stated:
        for fault in conditions.faults(condition):
            yield error("bad_condition", name, fault, "GET /v1/recovery/facts lists the facts.")


def _loops(flow: Flow) -> Iterator[Finding]:
    for knot in loops_without_time(edges_of(flow)):
        yield error(
            "loop_without_wait", knot[0],
            f"An episode could go round without time passing: {', '.join(knot)}.",
            "Put a wait into the loop.",
        )  # fmt: skip


def _splits(flow: Flow) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, step in flow.steps.items():
        if not isinstance(step, Split):
            continue
        if sum(arm.share for arm in step.arms) != 100:
            yield error("shares", name, "The arms' shares are not 100 percent together.",
                        "Change the shares.")  # fmt: skip
        if len({arm.name for arm in step.arms}) != len(step.arms):
            yield error("arm_names", name, "Two arms have one name.", "Rename one.")
        if sum(arm.share for arm in step.arms if arm.holdout) > 50:
            yield error("holdout", name, "More than half would be held out.",
                        "Hold out 50 percent at most; 10 is usual.")  # fmt: skip
        if step.experiment in seen:
            yield error("experiment_twice", name, f"{seen[step.experiment]} has this experiment.",
                        "Give each split an experiment of its own.")  # fmt: skip
        seen[step.experiment] = name


def _causes(flow: Flow) -> Iterator[Finding]:
    nothing = sorted(set(flow.trigger.causes) & NOTHING_TO_RETRY)
    for name, step in flow.steps.items():
        if isinstance(step, Retry) and nothing:
            yield error("nothing_to_retry", name,
                        f"There is no invoice to collect for: {', '.join(nothing)}.",
                        "Make a flow of its own for these causes.")  # fmt: skip
        if isinstance(step, Subscription) and (step.do == "downgrade") != (step.price is not None):
            yield error("price", name, "A price is named for a downgrade, and only there.",
                        "Name the smaller price.")  # fmt: skip


def _consent(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        if isinstance(step, Message) and step.channel == "sms" and step.basis != "consent":
            yield error("consent", name, "A text message needs the customer's consent.",
                        "Set its basis to consent: customers without are passed over.")  # fmt: skip


def _quiet(flow: Flow) -> Iterator[Finding]:
    quiet = flow.quiet_hours
    length = (quiet.end_hour - quiet.start_hour) % 24
    if length == 0 and any(isinstance(step, Message) for step in flow.steps.values()):
        yield warning("quiet_hours", "", "There are no quiet hours: messages go out at night.",
                      "Set quiet hours, such as 21 to 8.")  # fmt: skip
    elif length > 20:
        yield error("quiet_hours", "", "Hardly an hour is left in which anything may be sent.",
                    "Leave at least four hours.")  # fmt: skip


_STRUCTURE: tuple[Rule, ...] = (_size, _targets, _reached, _conditions, _splits)
_CONDUCT: tuple[Rule, ...] = (
    _loops, _causes, refusal_findings, limit_findings, _consent, _quiet,
)  # fmt: skip
