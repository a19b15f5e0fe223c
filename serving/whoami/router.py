"""Who is asking? `GET /v1/whoami`: the key, its workspace and what it may do."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.auth.keys import Environment
from serving.auth.permissions import Permission
from serving.auth.scope import AnyScope

router = APIRouter(prefix="/v1/whoami", tags=["whoami"])

_EXAMPLE: JsonDict = {
    "workspace_id": "ws_demo",
    "key_id": "key_9b3n6x4q0r2hz5k2m8w0c1t7e",
    "key_name": "back office",
    "environment": "live",
    "permissions": ["transactions:read"],
    "expires_at": None,
}


class WhoAmI(BaseModel):
    """The caller, as the platform sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    workspace_id: str
    key_id: str
    key_name: str
    environment: Environment
    permissions: list[Permission] = Field(description="What the key may do")
    expires_at: datetime | None


@router.get("", summary="Who am I?", operation_id="whoami")
def get_whoami(scope: AnyScope) -> WhoAmI:
    """Say which key is asking, and what it may do."""
    return WhoAmI(
        workspace_id=str(scope.tenant),
        key_id=scope.key.id,
        key_name=scope.key.name,
        environment=scope.key.environment,
        permissions=sorted(scope.key.scopes),
        expires_at=scope.key.expires_at,
    )
