"""What do registered endpoints and deliveries look like to callers, and what does one take?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

EventType = Literal[
    "connection.synced", "transaction.created", "payment.failed", "recovery.episode_opened",
    "recovery.episode_ended", "recovery.step_reached", "endpoint.test",
]  # fmt: skip
Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$")]

_EXAMPLE: JsonDict = {
    "id": "we_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "url": "https://example.com/hooks",
    "description": "",
    "event_types": ["payment.failed"],
    "state": "enabled",
    "state_reason": "",
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
}


class Endpoint(BaseModel):
    """Where events of ours are sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    url: str
    description: str
    event_types: list[str]
    state: Literal["enabled", "disabled"]
    state_reason: str = Field(description="Why it was disabled")
    created_at: datetime
    updated_at: datetime


class NewEndpoint(Endpoint):
    """A registered endpoint and its secret, shown this once."""

    secret: str = Field(description="Standard Webhooks: `whsec_` and base64")


class EndpointRequest(BaseModel):
    """Where to send what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://93.184.215.14/hooks", "event_types": ["payment.failed"]}]
        },
    )

    url: Url = Field(description="https; no address of a network that is not public")
    event_types: list[EventType] = Field(min_length=1, max_length=10)
    description: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""


class EndpointChange(BaseModel):
    """What shall change."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"state": "enabled"}]}
    )

    state: Literal["enabled", "disabled"]


class OutboundDelivery(BaseModel):
    """One event to one endpoint."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "dlv_7e9b3n6x4q0r2hz5k2m8w0c1t",
                    "event_id": "evt_9b3n6x4q0r2hz5k2m8w0c1t7e",
                    "type": "connection.synced",
                    "state": "delivered",
                    "attempts": 1,
                    "answered": 200,
                    "detail": "",
                    "created_at": "2024-05-01T12:00:00Z",
                    "attempted_at": "2024-05-01T12:00:01Z",
                    "next_attempt_at": None,
                    "body": "{}",
                }
            ]
        }
    )

    id: str
    event_id: str
    type: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    answered: int | None = Field(description="The last HTTP status")
    detail: str
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    body: str


def endpoint_of(row: Mapping[str, Any]) -> Endpoint:
    """Return the shape of one row."""
    return Endpoint(**{name: row[name] for name in Endpoint.model_fields})
