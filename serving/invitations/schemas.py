"""What do invitations look like to callers, and what does inviting somebody take?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.auth.permissions import Role
from serving.members.schemas import Email

State = Literal["pending", "accepted", "revoked", "expired"]

_EXAMPLE: JsonDict = {
    "id": "inv_7e9b3n6x4q0r2hz5k2m8w0c1t",
    "email": "ada@example.com",
    "role": "admin",
    "state": "pending",
    "invited_by": "grace@example.com",
    "created_at": "2024-05-01T12:00:00Z",
    "expires_at": "2024-05-08T12:00:00Z",
    "accepted_at": None,
    "revoked_at": None,
}


class Invitation(BaseModel):
    """A person who was asked to join. Its link is in the mail alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    email: str
    role: Role
    state: State
    invited_by: str = Field(description="The member's address, or the API key's name")
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationRequest(BaseModel):
    """Who is asked to join, as what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "ada@example.com", "role": "member"}]},
    )

    email: Email
    role: Role = Role.MEMBER


def invitation_of(row: Mapping[str, Any], now: datetime) -> Invitation:
    """Return the shape of one row."""
    return Invitation(state=_state(row, now), **row)


def _state(row: Mapping[str, Any], now: datetime) -> State:
    if row["accepted_at"] is not None:
        return "accepted"
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["expires_at"] <= now else "pending"
