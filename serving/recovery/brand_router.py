"""How do messages look, and who speaks in them? `/v1/recovery/brand`."""

from fastapi import APIRouter

from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.recovery import brand_actions as actions
from serving.recovery.brand_schemas import Look

router = APIRouter(prefix="/v1/recovery/brand", tags=["recovery"])


@router.get("", summary="Get the brand", operation_id="get_recovery_brand")
def get_brand(scope: RecoveryRead) -> Look:
    """Show how messages and payer pages look."""
    with scope.transaction() as rows:
        return actions.look(rows, scope)


@router.put("", summary="Change the brand", operation_id="put_recovery_brand")
def put_brand(scope: RecoveryWrite, request: Look) -> Look:
    """Change how messages and payer pages look, from the next one on."""
    with scope.transaction() as rows:
        return actions.change_look(rows, scope, request)
