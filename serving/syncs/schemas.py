"""What does a sync look like to callers, and what does asking for one take?"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.words import Id

State = Literal["queued", "running", "succeeded", "failed", "canceled"]

_EXAMPLE: JsonDict = {
    "id": "sync_8w0c1t7e9b3n6x4q0r2hz5k2m",
    "connection_id": "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
    "provider": "stripe",
    "state": "running",
    "requested_at": "2024-05-01T12:00:00Z",
    "submitted_at": "2024-05-01T12:00:00.2Z",
    "ended_at": None,
}


class Sync(BaseModel):
    """One request to bring in what changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    connection_id: str
    provider: str
    state: State = Field(
        description="`queued` until the orchestrator has taken it; ask again to see it move"
    )
    requested_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None = Field(description="When its end was noticed")


class SyncRequest(BaseModel):
    """What to sync."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    connection_id: Id | None = Field(
        default=None, description="Default: every connection that can be asked"
    )
