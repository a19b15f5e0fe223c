"""Who is asking? `GET /v1/whoami`: the key or the member, the workspace and what they may do."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.auth.keys import Environment
from serving.auth.permissions import Permission, Role
from serving.auth.scope import AnyScope

router = APIRouter(prefix="/v1/whoami", tags=["whoami"])

_EXAMPLE: JsonDict = {
    "workspace_id": "ws_demo",
    "kind": "api_key",
    "key_id": "key_9b3n6x4q0r2hz5k2m8w0c1t7e",
    "key_name": "back office",
    "environment": "live",
    "member_id": None,
    "email": None,
    "role": None,
    "permissions": ["transactions:read"],
    "expires_at": None,
}


class WhoAmI(BaseModel):
    """The caller, as the platform sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    workspace_id: str
    kind: Literal["api_key", "member"]
    key_id: str | None = Field(description="Of an API key")
    key_name: str | None
    environment: Environment | None
    member_id: str | None = Field(description="Of a signed-in member")
    email: str | None
    role: Role | None
    permissions: list[Permission] = Field(description="What the caller may do")
    expires_at: datetime | None = Field(description="When the key or the session ends")


@router.get("", summary="Who am I?", operation_id="whoami")
def get_whoami(scope: AnyScope) -> WhoAmI:
    """Say which key or member is asking, and what they may do."""
    caller = scope.principal
    is_key = caller.kind == "api_key"
    return WhoAmI(
        workspace_id=str(scope.tenant),
        kind=caller.kind,
        key_id=caller.id if is_key else None,
        key_name=caller.name if is_key else None,
        environment=caller.environment,
        member_id=None if is_key else caller.id,
        email=None if is_key else caller.name,
        role=caller.role,
        permissions=sorted(caller.scopes),
        expires_at=caller.expires_at,
    )
