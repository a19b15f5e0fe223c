"""Who acts in a workspace? A key or a signed-in member, in one shape for permissions and logs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from serving.auth.key_store import ApiKey
from serving.auth.keys import Environment
from serving.auth.permissions import Permission, Role, permissions_of
from serving.auth.session_store import Membership


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever sent the request, once proven.

    Attributes:
        kind: An API key, or a member by their session.
        id: The key's or the member's id in the workspace.
        name: The key's name or the member's address.
        scopes: What they may do.
        environment: Of a key.
        role: Of a member.
        expires_at: When the key or the session ends; None for never.
        workspace_limit: The workspace's own requests a minute, where it has them.
    """

    kind: Literal["api_key", "member"]
    id: str
    name: str
    scopes: frozenset[Permission]
    environment: Environment | None
    role: Role | None
    expires_at: datetime | None
    workspace_limit: int | None


def principal_of_key(key: ApiKey) -> Principal:
    """Return the principal that a key stands for."""
    return Principal(
        kind="api_key", id=key.id, name=key.name, scopes=key.scopes, environment=key.environment,
        role=None, expires_at=key.expires_at, workspace_limit=key.workspace_limit,
    )  # fmt: skip


def principal_of_member(membership: Membership) -> Principal:
    """Return the principal that a member's session stands for: what their role may do."""
    return Principal(
        kind="member", id=membership.member_id, name=membership.email,
        scopes=permissions_of(membership.role), environment=None, role=membership.role,
        expires_at=membership.expires_at, workspace_limit=membership.workspace_limit,
    )  # fmt: skip
