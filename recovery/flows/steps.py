"""What can a step do? One frozen model per kind; each names where an episode goes from it.

`exits` maps a port's name to a step: what the builder draws, and what validation walks.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from recovery.flows.conditions import Condition
from recovery.flows.goals import GoalName
from recovery.flows.waits import Duration, Until

StepId = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", json_schema_extra={"format": "step"})
]
Title = Annotated[str, Field(max_length=200)]
Event = Literal[
    "payment_method_updated", "payment_failed", "promise_made", "help_asked", "goal_reached",
]  # fmt: skip
Outcome = Literal["lost", "handed_over", "holdout", "done"]


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title = ""

    def exits(self) -> Mapping[str, str]:
        """Return the steps that may follow, by port."""
        return {"next": getattr(self, "next", "")}


class Wait(_Step):
    """Wait for a length of time or a moment of the customer's day."""

    kind: Literal["wait"] = "wait"
    until: Until
    next: StepId


class Await(_Step):
    """Wait until something happens, or the time is over; `goal` names the one that is awaited."""

    kind: Literal["await"] = "await"
    event: Event
    goal: GoalName | None = None
    timeout: Duration
    on_event: StepId
    on_timeout: StepId

    def exits(self) -> Mapping[str, str]:
        """Return the steps that may follow, by port."""
        return {"on_event": self.on_event, "on_timeout": self.on_timeout}


class Case(BaseModel):
    """One way out of a branch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Condition
    next: StepId


class Branch(_Step):
    """Go the first way whose condition holds."""

    kind: Literal["branch"] = "branch"
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=20)]
    otherwise: StepId

    def exits(self) -> Mapping[str, str]:
        """Return the steps that may follow, by port."""
        ways = {f"case_{number}": case.next for number, case in enumerate(self.cases)}
        return ways | {"otherwise": self.otherwise}


class Retry(_Step):
    """Try to collect, once after each wait of the schedule, until it succeeds.

    `on_stop` is taken where the same method must not be tried again: a hard decline, an advice to
    stop, the customer is needed, or retries belong to the provider. Where a card network's limit,
    or a wait that it asked for, forbids a moment, the try is made as soon as nothing does.
    With `timing` `propensity` each try is made at the likeliest hour that the model knows within
    `within_hours` after its schedule; at its schedule where no model answers.
    """

    kind: Literal["retry"] = "retry"
    schedule: Annotated[tuple[Until, ...], Field(min_length=1, max_length=15)]
    timing: Literal["fixed", "propensity"] = "fixed"
    within_hours: Annotated[int, Field(ge=1, le=72)] = 24
    next: StepId
    on_stop: StepId

    def exits(self) -> Mapping[str, str]:
        """Return the steps that may follow, by port."""
        return {"next": self.next, "on_stop": self.on_stop}


class Message(_Step):
    """Write to the payer, or to the merchant's own people (slack).

    `basis` is why we may: about an existing contract, or by the customer's explicit consent.
    """

    kind: Literal["message"] = "message"
    channel: Literal["email", "sms", "slack"] = "email"
    template: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    # The brand's voice, unless this step is to sound otherwise.
    tone: Literal["brand", "friendly", "neutral", "firm", "formal"] = "brand"
    basis: Literal["contract", "consent"] = "contract"
    next: StepId


class Task(_Step):
    """Ask a person of the merchant's to do something."""

    kind: Literal["task"] = "task"
    instruction: Annotated[str, Field(min_length=1, max_length=2000)]
    next: StepId


class Webhook(_Step):
    """Tell the merchant's own systems, as an event `recovery.step_reached`."""

    kind: Literal["webhook"] = "webhook"
    label: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,59}$")]
    next: StepId


class Subscription(_Step):
    """Change the subscription: pause its collection, cancel it, or move it to a smaller price."""

    kind: Literal["subscription"] = "subscription"
    do: Literal["pause", "cancel", "downgrade"]
    price: Annotated[str, Field(max_length=200)] | None = None
    next: StepId


class Arm(BaseModel):
    """One arm of a split; a holdout's episodes are left to the provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    share: Annotated[int, Field(ge=1, le=99, description="Percent")]
    holdout: bool = False
    next: StepId


class Split(_Step):
    """Draw an arm by hash of the customer: the same customer, the same arm, always."""

    kind: Literal["split"] = "split"
    experiment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=6)]

    def exits(self) -> Mapping[str, str]:
        """Return the steps that may follow, by port."""
        return {arm.name: arm.next for arm in self.arms}


class End(_Step):
    """The flow is over; an invoice that is paid afterwards is still counted as recovered."""

    kind: Literal["end"] = "end"
    outcome: Outcome = "lost"

    def exits(self) -> Mapping[str, str]:
        """Return nothing: no step follows."""
        return {}


Step = Annotated[
    Wait | Await | Branch | Retry | Message | Task | Webhook | Subscription | Split | End,
    Field(discriminator="kind"),
]
