"""Who is left alone? `/v1/recovery/suppressions`: listed, added, lifted."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.errors import NotFoundError
from serving.auth.scope import RecoveryRead, RecoveryWrite
from serving.idempotency import Idempotent
from serving.pagination import CursorText, Limit, Page, page_of
from serving.recovery import suppression_actions as actions
from serving.recovery.suppression_schemas import (
    Channel,
    Reason,
    Suppression,
    SuppressionChange,
    SuppressionRequest,
    suppression_of,
)
from serving.responses import problems

router = APIRouter(prefix="/v1/recovery/suppressions", tags=["recovery"])
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", examples=["0b5d4ae5" * 8])]


@router.get("", summary="List suppressions", operation_id="list_recovery_suppressions")
def get_suppressions(
    scope: RecoveryRead,
    channel: Annotated[Channel | None, Query()] = None,
    reason: Annotated[Reason | None, Query()] = None,
    address_hash: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$")] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Suppression]:
    """List the addresses that are not written to any more, by hash, newest first."""
    with scope.transaction() as rows:
        found = actions.suppressions_of(
            rows, limit, cursor, channel=channel, reason=reason, name=address_hash
        )
    return page_of(found, limit, suppression_of, actions.cursor_of)


@router.post(
    "",
    summary="Suppress an address",
    operation_id="create_recovery_suppression",
    status_code=201,
    response_model=Suppression,
)
def post_suppression(
    scope: RecoveryWrite, request: SuppressionRequest, idempotency: Idempotent
) -> Response:
    """Write to an address no more; what its owner said of it before stands."""
    return idempotency.once(scope, lambda rows: actions.create(scope, rows, request), status=201)


@router.post(
    "/{channel}/{address_hash}/changes",
    summary="Release an address",
    operation_id="change_recovery_suppression",
    response_model=Suppression,
    responses=problems(NotFoundError, actions.WishStandsError),
)
def post_suppression_change(
    scope: RecoveryWrite,
    channel: Annotated[Channel, Path(examples=["email"])],
    address_hash: Hash,
    request: SuppressionChange,
    idempotency: Idempotent,
) -> Response:
    """Let messages go to an address again; the audit log keeps who, and why."""
    return idempotency.once(
        scope, lambda rows: actions.change(scope, rows, channel, address_hash, request)
    )
