"""How do messages look, and who is left alone? The brand, and suppressions."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.clock import utc_now
from core.database import Rows
from core.errors import NotFoundError
from recovery.messaging import address_hash
from recovery.payer.suppressing import release_address, suppress_address, suppressed
from serving.audit_log.entries import record
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.recovery import message_actions as actions
from serving.recovery.message_schemas import (
    Channel,
    Look,
    Suppression,
    SuppressionRequest,
)
from serving.responses import problems

router = APIRouter(prefix="/v1/recovery", tags=["recovery"])
MOST_SUPPRESSIONS = 1000

HashPath = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", examples=["0b5d4ae5" * 8])]


@router.get("/brand", summary="Get the brand", operation_id="get_recovery_brand")
def get_brand(scope: RecoveryRead) -> Look:
    """Show how messages and payer pages look."""
    with scope.transaction() as rows:
        return actions.look(rows, scope)


@router.put("/brand", summary="Change the brand", operation_id="put_recovery_brand")
def put_brand(scope: RecoveryWrite, request: Look) -> Look:
    """Change how messages and payer pages look, from the next one on."""
    with scope.transaction() as rows:
        return actions.change_look(rows, scope, request)


@router.get("/suppressions", summary="List suppressions", operation_id="list_recovery_suppressions")
def get_suppressions(scope: RecoveryRead) -> Collection[Suppression]:
    """List the newest 1,000 addresses that are not written to any more, by hash."""
    with scope.transaction() as rows:
        found = suppressed(rows, str(scope.tenant), MOST_SUPPRESSIONS)
    return Collection(data=[Suppression(**row) for row in found])


@router.post(
    "/suppressions",
    summary="Suppress an address",
    operation_id="create_recovery_suppression",
    status_code=201,
    response_model=Suppression,
)
def post_suppression(
    scope: RecoveryWrite, request: SuppressionRequest, idempotency: Idempotent
) -> Response:
    """Write to an address no more; what was said of it before stands."""

    def suppress(rows: Rows) -> Suppression:
        name, now = address_hash(request.address), utc_now()
        suppress_address(rows, str(scope.tenant), request.channel, name, request.reason, now)
        record(rows, scope, "recovery_suppression.created", name, channel=request.channel)
        return Suppression(
            channel=request.channel, address_hash=name, reason=request.reason, created_at=now
        )

    return idempotency.once(scope, suppress, status=201)


@router.delete(
    "/suppressions/{channel}/{address_hash}",
    summary="Release an address",
    operation_id="delete_recovery_suppression",
    status_code=204,
    responses=problems(NotFoundError),
)
def delete_suppression(
    scope: RecoveryWrite, channel: Annotated[Channel, Path(examples=["email"])],
    address_hash: HashPath,
) -> None:  # fmt: skip
    """Let messages go to an address again."""
    with scope.transaction() as rows:
        if not release_address(rows, str(scope.tenant), channel, address_hash):
            raise NotFoundError(
                "This address is not suppressed.",
                next_step="GET /v1/recovery/suppressions lists them.",
            )
        record(rows, scope, "recovery_suppression.released", address_hash, channel=channel)
