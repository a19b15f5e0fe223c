"""Who recovers, us or the provider? `/v1/recovery/settings`, settled for each connection."""

from typing import Annotated

from fastapi import APIRouter, Path

from core.errors import NotFoundError
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.pagination import Collection
from serving.recovery import settings_actions as actions
from serving.recovery.settings_schemas import ConnectionTerms, TermsRequest
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/recovery/settings", tags=["recovery"])


@router.get("", summary="List settings", operation_id="list_recovery_settings")
def get_settings(scope: RecoveryRead) -> Collection[ConnectionTerms]:
    """List the connections whose payments can be recovered, and how that is settled."""
    with scope.transaction() as rows:
        return Collection(data=actions.terms(rows))


@router.put(
    "/{connection_id}",
    summary="Settle a connection",
    operation_id="put_recovery_settings",
    responses=problems(NotFoundError),
)
def put_settings(
    scope: RecoveryWrite,
    connection_id: Annotated[Id, Path(examples=["conn_0q2hz5k2m8w0c1t7e9b3n6x4r"])],
    request: TermsRequest,
) -> ConnectionTerms:
    """Turn recovery on or off and say who retries; the account is walked at once."""
    with scope.transaction() as rows:
        return actions.settle(scope, rows, connection_id, request)
