"""Can a flow be published? Every rule, each a function from the flow to its findings."""

from collections.abc import Callable, Iterator

from recovery.flows import conditions
from recovery.flows.document import NOTHING_TO_RETRY, Flow
from recovery.flows.facts import GOAL_PREFIX
from recovery.flows.findings import Finding, error, warning
from recovery.flows.goals import Held, Paid
from recovery.flows.graph import edges_of, loops_without_time, reachable, walk
from recovery.flows.limits import limit_findings
from recovery.flows.refusals import refusal_findings
from recovery.flows.steps import Await, Branch, Message, Retry, Split, Subscription
from recovery.known.vocabulary import kind_of

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


def _stated(flow: Flow) -> Iterator[tuple[str, conditions.Condition]]:
    """Yield every condition, with the step that it is at."""
    yield from (("", each.when) for each in flow.exits)
    yield from (("", goal.reached.when) for goal in flow.goals if isinstance(goal.reached, Held))
    if flow.trigger.when is not None:
        yield "", flow.trigger.when
    for name, step in flow.steps.items():
        if isinstance(step, Branch):
            yield from ((name, case.when) for case in step.cases)


def _conditions(flow: Flow) -> Iterator[Finding]:
    for name, condition in _stated(flow):
        for fault in conditions.faults(condition, kind_of):
            yield error("bad_condition", name, fault, "GET /v1/recovery/facts lists the facts.")


def _goals(flow: Flow) -> Iterator[Finding]:
    known = {goal.name for goal in flow.goals}
    if len(known) < len(flow.goals):
        yield error("goal_names", "", "Two goals have one name.", "Rename one.")
    for goal in flow.goals:
        paid = goal.reached
        if isinstance(paid, Paid) and (paid.at_least_minor is None) != (paid.currency is None):
            yield error("goal_amount", "", f"{goal.name}: an amount has a currency.",
                        "Name both, or neither for the whole debt.")  # fmt: skip
    for name, step in flow.steps.items():
        if isinstance(step, Await) and (step.event == "goal_reached") != (step.goal is not None):
            yield error("goal", name, "A goal is named where one is waited for, and only there.",
                        "Choose the goal.")  # fmt: skip
        elif isinstance(step, Await) and step.goal is not None and step.goal not in known:
            yield error(
                "goal", name, f"The flow has no goal {step.goal}.", "Declare it, or choose another."
            )
    for name, condition in _stated(flow):
        for fact in sorted(conditions.facts_of(condition)):
            if fact.startswith(GOAL_PREFIX) and fact.removeprefix(GOAL_PREFIX) not in known:
                yield error("goal", name, f"The flow has no goal {fact.removeprefix(GOAL_PREFIX)}.",
                            "Declare it, or compare another fact.")  # fmt: skip


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


_STRUCTURE: tuple[Rule, ...] = (
    _size, _targets, _reached, _conditions, _goals, _splits,
)  # fmt: skip
_CONDUCT: tuple[Rule, ...] = (
    _loops, _causes, refusal_findings, limit_findings, _consent, _quiet,
)  # fmt: skip
