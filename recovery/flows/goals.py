"""What is a flow meant to bring about? Goals: reached once, counted, and apart from exits."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from recovery.flows.conditions import Condition

GoalName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", json_schema_extra={"format": "goal"})
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paid(_Frozen):
    """The debt is paid in full; with an amount, that at least so much of it is."""

    kind: Literal["paid"] = "paid"
    at_least_minor: Annotated[int, Field(ge=1, le=10**15)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None


class Happened(_Frozen):
    """The payer did something: gave another method, chose a day to pay on, wrote to us."""

    kind: Literal["event"] = "event"
    event: Literal["payment_method_updated", "promise_made", "help_asked"] = (
        "payment_method_updated"
    )


class Held(_Frozen):
    """A condition holds, when the episode moves or its facts change."""

    kind: Literal["condition"] = "condition"
    when: Condition


class Goal(_Frozen):
    """One goal; with `ends_flow` the flow is over as soon as it is reached."""

    name: GoalName
    title: Annotated[str, Field(max_length=200)] = ""
    reached: Annotated[Paid | Happened | Held, Field(discriminator="kind")]
    ends_flow: bool = False
