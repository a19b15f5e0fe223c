"""What does a dead letter look like to callers, and what does retrying many take?"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.words import Id, Word

_EXAMPLE: JsonDict = {
    "id": "dead_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "provider": "stripe",
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "event_id": "evt_1PqXk2Eexample",
    "state": "dead",
    "stage": "refetch",
    "cause": "provider_key_rejected",
    "detail": "Invalid API Key provided: sk_live_****",
    "attempts": 20,
    "received_at": "2024-05-01T12:00:00Z",
    "failed_at": "2024-05-01T13:00:00Z",
    "next_attempt_at": None,
    "payload": '{"id": "evt_1PqXk2Eexample", "object": "event"}',
    "payload_base64": None,
}


class DeadLetter(BaseModel):
    """An event, or an object to be asked for, that could not be applied."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    provider: str
    connection_id: str = Field(description="Empty where the account is not connected")
    event_id: str | None
    state: Literal["retrying", "dead"] = Field(description="`dead`: not tried any more by itself")
    stage: Literal["postgres", "clickhouse", "refetch"] = Field(
        description="Which store did not take it; `refetch`: the provider was asked in vain"
    )
    cause: str = Field(description="Stable word for programs")
    detail: str
    attempts: int
    received_at: datetime | None
    failed_at: datetime | None
    next_attempt_at: datetime | None
    payload: str | None = Field(description="What was delivered, where it is text")
    payload_base64: str | None = Field(description="What was delivered, where it is not")


class CauseRetry(BaseModel):
    """Which dead letters to try again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"cause": "provider_key_rejected"}]}
    )

    cause: Word
    connection_id: Id | None = None


class Retried(BaseModel):
    """How many are tried again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"retried": 3}]})

    retried: int


def letter_of(row: Mapping[str, Any]) -> DeadLetter:
    """Return the shape of one row."""
    payload = None if row["payload"] is None else bytes(row["payload"])
    text, encoded = None, None
    if payload is not None:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            encoded = base64.b64encode(payload).decode()
    told = {name: row[name] for name in DeadLetter.model_fields if name in row}
    state = "dead" if row["next_attempt_at"] is None else "retrying"
    return DeadLetter(**told | {"state": state, "payload": text, "payload_base64": encoded})
