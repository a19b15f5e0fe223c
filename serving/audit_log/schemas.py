"""What does an entry of the audit log look like to callers?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_EXAMPLE: JsonDict = {
    "id": "log_5k2m8w0c1t7e9b3n6x4q0r2hz",
    "occurred_at": "2024-05-01T12:00:00Z",
    "actor": {"kind": "api_key", "id": "key_9b3n6x4q0r2hz5k2m8w0c1t7e", "name": "back office"},
    "action": "api_key.created",
    "target": "key_0c1t7e9b3n6x4q0r2hz5k2m8w",
    "details": {"name": "dashboard", "scopes": ["transactions:read"]},
    "request_id": "req_3n6x4q0r2hz5k2m8w0c1t7e9b",
}


class Actor(BaseModel):
    """Who did it."""

    kind: str = Field(description="`api_key`, `member`, or `system`: the installation itself")
    id: str
    name: str


class AuditEntry(BaseModel):
    """One change of the workspace."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    occurred_at: datetime
    actor: Actor
    action: str = Field(description="What was done: `api_key.created`, `member.removed`, …")
    target: str = Field(description="The id of what it was done to")
    details: dict[str, Any] = Field(description="What changed")
    request_id: str = Field(description="Empty for what no request did")


def entry_of(row: Mapping[str, Any]) -> AuditEntry:
    """Return the shape of one row."""
    actor = Actor(kind=row["actor_kind"], id=row["actor_id"], name=row["actor_name"])
    return AuditEntry(actor=actor, **row)
