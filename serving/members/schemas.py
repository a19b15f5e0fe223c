"""What do members look like to callers, and what does inviting one take?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from serving.auth.permissions import Role
from serving.words import Name

# Loose, as the address is proven by the person who signs in with it; but no comment, quotation or
# bracket: with those one mailbox has any number of spellings, each with limits of its own.
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$",
    ),
]

_EXAMPLE: JsonDict = {
    "id": "mem_7e9b3n6x4q0r2hz5k2m8w0c1t7",
    "email": "ada@example.com",
    "name": "Ada",
    "role": "admin",
    "status": "invited",
    "created_at": "2024-05-01T12:00:00Z",
    "updated_at": "2024-05-01T12:00:00Z",
}


class Member(BaseModel):
    """A person of the workspace."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    email: str
    name: str
    role: Role
    status: Literal["invited", "active"] = Field(description="`active` once they signed in")
    created_at: datetime
    updated_at: datetime


class MemberRequest(BaseModel):
    """Who shall belong to the workspace."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "ada@example.com", "role": "member"}]},
    )

    email: Email
    role: Role = Role.MEMBER
    name: Name | None = None


class RoleChange(BaseModel):
    """The role that a member shall have."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "admin"}]})

    role: Role


def member_of(row: Mapping[str, Any]) -> Member:
    """Return the shape of one row."""
    return Member(status="active" if row["user_id"] else "invited", **row)
