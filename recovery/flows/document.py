"""What is a flow? The document as callers send it and as every version is kept, and its schema."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidInputError
from recovery.flows.conditions import Condition, Wanted, facts_of, wanted
from recovery.flows.facts import CAUSES, OWN_PREFIXES
from recovery.flows.goals import Goal, Held
from recovery.flows.steps import Branch, Outcome, Step, StepId
from recovery.known.vocabulary import every_fact

Cause = Literal[
    "renewal", "first_payment", "one_off", "action_required", "debit_returned", "dispute_lost",
    "card_expiring", "upcoming_renewal", "past_due",
]  # fmt: skip
assert set(Cause.__args__) == set(CAUSES)  # type: ignore[attr-defined]
# Before anything has failed: there is nothing to collect yet.
BEFORE_FAILURE: frozenset[str] = frozenset({"card_expiring", "upcoming_renewal"})
# Nothing may be charged: the bank took the charge itself back, or the payer pays by themselves.
NOTHING_TO_RETRY: frozenset[str] = BEFORE_FAILURE | {"dispute_lost", "past_due"}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Trigger(_Frozen):
    """Which episodes the flow takes: by cause, and by a condition over their first facts."""

    causes: Annotated[tuple[Cause, ...], Field(min_length=1)]
    when: Condition | None = None


class Exit(_Frozen):
    """Leave the flow wherever the episode is, as soon as this holds."""

    when: Condition
    outcome: Outcome = "done"


class QuietHours(_Frozen):
    """Hours of the customer's day in which nothing is sent; may span midnight."""

    start_hour: Annotated[int, Field(ge=0, le=23)] = 21
    end_hour: Annotated[int, Field(ge=0, le=23)] = 8


class Cap(_Frozen):
    """At most so many messages to one customer within so many days, over all episodes."""

    messages: Annotated[int, Field(ge=1, le=50)]
    days: Annotated[int, Field(ge=1, le=90)]


class Place(_Frozen):
    """Where the builder draws a step."""

    x: Annotated[int, Field(ge=-100_000, le=100_000)]
    y: Annotated[int, Field(ge=-100_000, le=100_000)]


class Flow(_Frozen):
    """A recovery flow, whole."""

    schema_version: Literal[2] = 2
    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=2000)] = ""
    trigger: Trigger
    start: StepId
    steps: Annotated[dict[StepId, Step], Field(min_length=1, max_length=200)]
    exits: Annotated[tuple[Exit, ...], Field(max_length=20)] = ()
    goals: Annotated[tuple[Goal, ...], Field(max_length=10)] = ()
    quiet_hours: QuietHours = QuietHours()
    message_caps: Annotated[tuple[Cap, ...], Field(min_length=1, max_length=5)] = (
        Cap(messages=1, days=1), Cap(messages=4, days=14),
    )  # fmt: skip
    layout: Annotated[dict[StepId, Place], Field(max_length=200)] = {}

    def asks(self, fact: str) -> bool:
        """Say whether the way of an episode depends on a fact, its trigger left out."""
        return fact in self._facts

    def wanted_at(self, step: StepId) -> frozenset[Wanted]:
        """Return what is wanted of the unified layer to go on from a step."""
        return self._wanted[step]

    @cached_property
    def wanted_anywhere(self) -> frozenset[Wanted]:
        """What trigger, exits, goals and branches want of the unified layer."""
        begin = frozenset() if self.trigger.when is None else wanted([self.trigger.when])
        return begin.union(*self._wanted.values())

    @cached_property
    def _wanted(self) -> Mapping[str, frozenset[Wanted]]:
        goals = [goal.reached.when for goal in self.goals if isinstance(goal.reached, Held)]
        always = wanted([*(each.when for each in self.exits), *goals])
        return {
            name: always | wanted(case.when for case in step.cases)
            if isinstance(step, Branch)
            else always
            for name, step in self.steps.items()
        }

    @cached_property
    def _facts(self) -> frozenset[str]:
        return frozenset().union(*(facts_of(each) for each in _asked(self)))

    @model_validator(mode="before")
    @classmethod
    def _as_of_today(cls, document: Any) -> Any:
        """Read what an earlier schema wrote: version 1 had no goals, and is the same else."""
        if isinstance(document, Mapping) and document.get("schema_version") == 1:
            return {**document, "schema_version": 2}
        return document

    @model_validator(mode="after")
    def _can_be_kept(self) -> "Flow":
        """Refuse what no jsonb holds."""
        if "\\u0000" in self.model_dump_json():
            raise ValueError("a text holds a NUL")
        return self


def _asked(flow: Flow) -> Iterator[Condition]:
    yield from (each.when for each in flow.exits)
    yield from (goal.reached.when for goal in flow.goals if isinstance(goal.reached, Held))
    for step in flow.steps.values():
        if isinstance(step, Branch):
            yield from (case.when for case in step.cases)


def flow_of(document: Mapping[str, Any]) -> Flow:
    """Read a document.

    Raises:
        InvalidInputError: It does not follow the schema; the detail names the first places.
    """
    try:
        return Flow.model_validate(document)
    except ValidationError as invalid:
        found = [
            ": ".join(filter(None, (".".join(map(str, error["loc"])), error["msg"])))
            for error in invalid.errors(include_url=False, include_input=False)[:5]
        ]
        raise InvalidInputError(
            "; ".join(found), next_step="GET /v1/recovery/flow_schema answers the schema."
        ) from None


def document_of(flow: Flow) -> dict[str, Any]:
    """Return the document of a flow, defaults included; reading it gives the same flow."""
    return flow.model_dump(mode="json", by_alias=True, exclude_none=True)


@lru_cache(maxsize=1)
def flow_schema() -> dict[str, Any]:
    """Return the published JSON Schema (draft 2020-12), with every fact that can be compared."""
    schema = Flow.model_json_schema(by_alias=True)
    schema["$defs"]["Comparison"]["properties"]["fact"]["anyOf"] = [
        {"oneOf": [{"const": one.name, "description": one.kind.says} for one in every_fact()]},
        {"pattern": rf"^({'|'.join(prefix[:-1] for prefix in OWN_PREFIXES)})\."},
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:oppulence:recovery-flow:2",
        **schema,
    }
