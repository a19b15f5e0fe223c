"""What is known of an episode, and what one transition changes of it? Values, no behaviour.

An episode stands at one step of one version of a flow. Within a step it is `entering`, has a timer
`armed`, or is `acting`: an action was committed with the transition and its result moves it on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from recovery.flows.conditions import Wanted
from recovery.flows.facts import Facts
from recovery.forecasting import Forecaster
from recovery.limits import Attempt

Phase = Literal["entering", "armed", "acting"]
State = Literal["running", "paused", "ended"]
ActionKind = Literal["take_over", "retry", "message", "task", "webhook", "subscription"]
Owner = Literal["provider", "oppulence"]


@dataclass(frozen=True, slots=True)
class Memory:
    """What an episode remembers on its way; kept as JSON.

    Attributes:
        try_number: How many tries of the present retry step are over.
        taken_over: The provider was asked to leave retries to us, and has.
        not_ours: It was refused: this episode retries nothing.
        pending: The kind of action that is under way.
        card: The fingerprint of the method that the next try would take; empty for none.
        has_new_method: Another method came while no step waited for one, and was not tried yet.
        paused_due: When a timer would have ended that a pause stopped; kept as ISO 8601.
        goals: Those that were reached, each with when (`at`) and where (`step`).
    """

    phase: Phase = "entering"
    try_number: int = 0
    attempts_ours: int = 0
    messages: int = 0
    arms: Mapping[str, str] = field(default_factory=dict)
    is_holdout: bool = False
    taken_over: bool = False
    not_ours: bool = False
    pending: str = ""
    payment_method: str = ""
    card: str = ""
    newest_charge: str = ""
    paused_due: str = ""
    has_new_method: bool = False
    goals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Episode:
    """One failed (or endangered) payment on its way."""

    workspace_id: str
    id: str
    connection_id: str
    subject_kind: str
    subject_id: str
    cause: str
    customer_id: str
    subscription_id: str
    amount_minor: int
    currency: str
    facts: Facts
    flow_id: str | None
    flow_version: int | None
    step: str
    state: State
    opened_at: datetime
    outcome: str = ""
    reason: str = ""
    recovered_minor: int = 0
    recovered_by: str = ""
    memory: Memory = field(default_factory=Memory)
    revision: int = 0
    awaits: str = ""
    due_at: datetime | None = None
    ended_at: datetime | None = None


Lookup = Callable[[Episode, frozenset[Wanted], datetime], Facts | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the connection's settings say: who retries, whose clock counts, how long one may owe.

    Three are no settings: `forecaster` tells how likely tries are, where somebody does; `tries`
    looks up, when a try is planned, which were made on the card it would take, over all episodes;
    `lookup` reads what conditions want of the unified layer, and says None where it cannot be read
    just now. Where there is none, whoever has one takes the step.
    """

    owner: Owner
    zone: ZoneInfo
    forecaster: Forecaster | None = None
    tries: Callable[[Episode], Sequence[Attempt]] = lambda _: ()
    lookup: Lookup | None = None
    grace_days: int | None = None


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """Something to do outside, committed with the transition that wants it."""

    kind: ActionKind
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """An arm that was drawn."""

    experiment: str
    unit: str
    arm: str
    is_holdout: bool
    stratum: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One committed change: the episode afterwards, why, and what follows from it.

    `events` are what happened with it, which a goal may be.
    """

    episode: Episode
    kind: str
    reason: str
    from_step: str
    details: Mapping[str, Any] = field(default_factory=dict)
    action: ActionRequest | None = None
    assignment: Assignment | None = None
    events: tuple[str, ...] = ()
