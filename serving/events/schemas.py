"""What do events and replays look like to callers, and what does replaying take?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from serving.events.queries import Provider
from serving.times import Moment
from serving.words import Id

EventType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]{1,100}$")]

_EXAMPLE: JsonDict = {
    "id": "evt_1PqXk2Eexample",
    "provider": "stripe",
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "type": "charge.succeeded",
    "object_id": "ch_3PqXk2Eexample",
    "origin": "webhook",
    "occurred_at": "2024-05-01T12:00:00Z",
    "received_at": "2024-05-01T12:00:00.4Z",
}


class Event(BaseModel):
    """One thing that a provider said."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str = Field(description="The provider's id, or a digest where it gives none")
    provider: str
    connection_id: str
    type: str = Field(description="The provider's word; empty where it has none")
    object_id: str = Field(description="Of what it is said; empty where the event does not tell")
    origin: str = Field(description="`webhook`; `poll`: it did not come and was asked for; …")
    occurred_at: datetime
    received_at: datetime


class EventWithPayload(Event):
    """An event and what was said."""

    payload: str = Field(description="The provider's JSON, byte for byte")


class ReplayFilters(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid")

    provider: Provider = "stripe"
    ids: list[Id] = Field(default=[], max_length=500)
    types: list[EventType] = Field(default=[], max_length=100)
    object_id: Id | None = None
    connection_id: Id | None = None
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="The point in time to replay to")


class ReplayRequest(ReplayFilters):
    """What to replay, and where to."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"types": ["charge.succeeded"], "dry_run": True}]},
    )

    dry_run: bool = Field(default=False, description="Only count")
    target: Literal["in_place", "shadow"] = Field(
        default="in_place",
        description="`in_place` applies the events again: what is there stays, what is missing"
        " comes back. `shadow` builds each object's state from these events alone, beside",
    )


class TypeCount(BaseModel):
    """What a replay covers of one type."""

    type: str
    events: int
    objects: int


class Replay(BaseModel):
    """What a replay does, or would do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": None,
                    "provider": "stripe",
                    "target": "shadow",
                    "dry_run": True,
                    "events": 120,
                    "objects": 40,
                    "by_type": [],
                }
            ]
        }
    )

    id: str | None = Field(description="Null after a dry run")
    provider: str
    target: Literal["in_place", "shadow"]
    dry_run: bool
    events: int
    objects: int = Field(description="Distinct objects that the events tell about")
    by_type: list[TypeCount]


class ShadowObject(BaseModel):
    """An object as the replayed events left it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
                    "object": "charge",
                    "id": "ch_3PqXk2Eexample",
                    "state_at": "2024-05-01T12:00:01Z",
                    "is_deleted": False,
                    "payload": "{}",
                }
            ]
        }
    )

    connection_id: str
    object: str
    id: str
    state_at: datetime
    is_deleted: bool
    payload: str


def event_of(row: Mapping[str, Any], provider: str) -> Event:
    """Return the shape of one row."""
    return Event(provider=provider, **row)
