"""What do episodes look like to callers? Amounts in both forms, every step with its reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from core.money import format_minor

EpisodeState = Literal["running", "paused", "ended"]
EpisodeOutcome = Literal[
    "recovered", "lost", "done", "handed_over", "holdout", "closed", "goal_reached",
]  # fmt: skip

_EPISODE: JsonDict = {
    "id": "ep_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "subject_kind": "invoice",
    "subject_id": "in_1NwLive00000030",
    "cause": "renewal",
    "customer_id": "cus_1NwLive00000001",
    "subscription_id": "sub_1NwLive00000010",
    "amount": "49.00",
    "amount_minor": 4900,
    "currency": "EUR",
    "flow_id": "flow_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "flow_version": 3,
    "step": "tries",
    "state": "running",
    "outcome": None,
    "reason": "",
    "recovered": "0.00",
    "recovered_minor": 0,
    "recovered_by": None,
    "awaits": None,
    "due_at": "2024-05-03T12:00:00Z",
    "opened_at": "2024-05-01T12:00:00Z",
    "ended_at": None,
}
_TRANSITION: JsonDict = {
    "revision": 2,
    "at": "2024-05-01T12:00:00Z",
    "kind": "branched",
    "from_step": "kind",
    "to_step": "tries",
    "reason": "Condition 1 holds.",
    "details": {"port": "case_0", "known": {"decline_class": "soft"}},
}
_ACTION: JsonDict = {
    "id": "act_ep_5k2m8w0c1t7e9b3n6x4q0r2hz_5",
    "kind": "retry",
    "step": "tries",
    "state": "done",
    "is_manual": False,
    "result": {"status": "declined", "decline_code": "insufficient_funds"},
    "created_at": "2024-05-03T12:00:00Z",
    "ended_at": "2024-05-03T12:00:01Z",
}
_ATTEMPT: JsonDict = {
    "id": "ch_1NwLive00000039",
    "attempted_at": "2024-05-03T12:00:01Z",
    "is_success": False,
    "is_ours": True,
    "decline_code": "insufficient_funds",
    "decline_class": "soft",
    "amount_minor": 4900,
    "currency": "EUR",
}
_METRICS: JsonDict = {
    "currency": "EUR",
    "at_risk_minor": 4900,
    "recovered_minor": 12900,
    "recovered_outside_minor": 0,
    "lost_minor": 0,
    "episodes_running": 1,
    "episodes_recovered": 3,
    "episodes_lost": 0,
}


def _shown(example: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class Episode(BaseModel):
    """One failed (or endangered) payment on its way."""

    model_config = _shown(_EPISODE)

    id: str
    connection_id: str
    subject_kind: str = Field(
        description="invoice, payment_intent, dispute; before it fails payment_method, subscription"
    )
    subject_id: str
    cause: str
    customer_id: str
    subscription_id: str
    amount: str
    amount_minor: int
    currency: str
    flow_id: str | None = Field(description="None: no flow takes it, it only ends when paid")
    flow_version: int | None
    step: str
    state: EpisodeState
    outcome: EpisodeOutcome | None
    reason: str
    recovered: str
    recovered_minor: int
    recovered_by: Literal["retry", "payer", "provider", "out_of_band"] | None
    awaits: str | None
    due_at: datetime | None = Field(description="When it goes on by itself")
    opened_at: datetime
    ended_at: datetime | None


class EpisodeStep(BaseModel):
    """One committed step of an episode, and why."""

    model_config = _shown(_TRANSITION)

    revision: int
    at: datetime
    kind: str
    from_step: str
    to_step: str
    reason: str
    details: dict[str, Any]


class EpisodeAction(BaseModel):
    """Something that was, or will be, done outside."""

    model_config = _shown(_ACTION)

    id: str
    kind: str
    step: str
    state: Literal["ready", "started", "done", "failed", "skipped", "unknown"]
    is_manual: bool
    result: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None


class EpisodeAttempt(BaseModel):
    """One try to collect, whoever made it."""

    model_config = _shown(_ATTEMPT)

    id: str
    attempted_at: datetime
    is_success: bool
    is_ours: bool
    decline_code: str
    decline_class: str
    amount_minor: int
    currency: str


class EpisodeDetail(Episode):
    """An episode with its timeline."""

    model_config = _shown(
        {**_EPISODE, "facts": {"decline_class": "soft"}, "steps": [_TRANSITION],
         "actions": [_ACTION], "attempts": [_ATTEMPT]}
    )  # fmt: skip

    facts: dict[str, Any]
    steps: list[EpisodeStep]
    actions: list[EpisodeAction]
    attempts: list[EpisodeAttempt]


class ActionWanted(BaseModel):
    """What a person wants done with an episode."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"do": "pause"}]})

    do: Literal["retry", "send", "pause", "resume", "close"]
    channel: Literal["email", "sms", "slack"] = Field(default="email", description="Of `send`")
    template: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")] | None = Field(
        default=None, description="Of `send`"
    )
    tone: Literal["brand", "friendly", "neutral", "firm", "formal"] = Field(
        default="brand", description="Of `send`; `brand` is the voice of the brand"
    )


class RecoveryFigures(BaseModel):
    """What is at risk, came back and was lost, in one currency."""

    model_config = _shown(_METRICS)

    currency: str
    at_risk_minor: int = Field(description="Owed in episodes that have not ended")
    recovered_minor: int = Field(description="Collected through the provider")
    recovered_outside_minor: int = Field(description="Settled by other means")
    lost_minor: int
    episodes_running: int
    episodes_recovered: int
    episodes_lost: int


def episode_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's fields as callers see them."""
    currency = str(row["currency"])
    return {
        **row,
        "amount": format_minor(row["amount_minor"], currency),
        "recovered": format_minor(row["recovered_minor"], currency),
        **{name: row[name] or None for name in ("outcome", "recovered_by", "awaits")},
    }
