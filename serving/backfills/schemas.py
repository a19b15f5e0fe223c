"""What does a backfill look like to callers, and what does asking for one take?"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.times import Moment
from serving.words import Id

State = Literal["running", "succeeded", "failed", "canceled"]

_EXAMPLE: JsonDict = {
    "id": "backfill_8w0c1t7e9b3n6x4q0r2hz5k2m",
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "provider": "stripe",
    "objects": ["charge"],
    "state": "running",
    "requested_at": "2024-05-01T12:00:00Z",
    "ended_at": None,
    "windows_done": 3,
    "windows": [],
    "objects_landed": 12000,
}


class Window(BaseModel):
    """One span of a backfill: it lands whole or not at all."""

    since: datetime | None
    until: datetime | None
    state: Literal["queued", "running", "succeeded", "failed", "canceled"]
    objects_landed: int


class Backfill(BaseModel):
    """One request to bring in a span again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    connection_id: str
    provider: str
    objects: list[str] | None = Field(description="Null for all that are synced by default")
    state: State
    requested_at: datetime
    ended_at: datetime | None
    windows_done: int
    windows: list[Window]
    objects_landed: int


class BackfillRequest(BaseModel):
    """What to bring in again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"connection_id": "conn_example"}]}
    )

    connection_id: Id
    objects: list[Id] | None = Field(
        default=None, min_length=1, max_length=100, description="The provider's names: charge"
    )
    since: Moment | None = Field(default=None, description="Created at or after")
    until: Moment | None = Field(default=None, description="Created before")
