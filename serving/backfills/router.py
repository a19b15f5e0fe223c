"""How is a backfill asked for and followed? `POST /v1/backfills`, and what may be done with one."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.errors import ConflictError, NotFoundError
from serving.auth.scope import SyncsRead, SyncsWrite
from serving.backfills import actions
from serving.backfills.schemas import Backfill, BackfillRequest
from serving.idempotency import Idempotent
from serving.responses import problems
from serving.syncs.router import DagsterServer
from serving.words import Id

router = APIRouter(prefix="/v1/backfills", tags=["backfills"])
BackfillId = Annotated[Id, Path(examples=["backfill_8w0c1t7e9b3n6x4q0r2hz5k2m"])]


@router.post(
    "",
    summary="Bring a span in again",
    operation_id="create_backfill",
    status_code=202,
    response_model=Backfill,
    responses=problems(NotFoundError, ConflictError),
)
def post_backfill(scope: SyncsWrite, request: BackfillRequest, idempotency: Idempotent) -> Response:
    """Bring in what was created in a span, month by month. Events go on meanwhile."""
    return idempotency.once(scope, lambda rows: actions.request(scope, rows, request), status=202)


@router.get(
    "/{backfill_id}",
    summary="Get a backfill",
    operation_id="get_backfill",
    responses=problems(NotFoundError),
)
def get_backfill(scope: SyncsRead, backfill_id: BackfillId, dagster: DagsterServer) -> Backfill:
    """Show how far a backfill is, in windows and objects."""
    with scope.transaction() as rows:
        return actions.find_moved(scope, rows, dagster, backfill_id)


@router.post(
    "/{backfill_id}/cancel",
    summary="Cancel a backfill",
    operation_id="cancel_backfill",
    response_model=Backfill,
    responses=problems(NotFoundError, ConflictError),
)
def post_cancel(
    scope: SyncsWrite, backfill_id: BackfillId, dagster: DagsterServer, idempotency: Idempotent
) -> Response:
    """Stop it. What landed stays; `resume` goes on with the rest."""
    return idempotency.once(scope, lambda rows: actions.cancel(scope, rows, dagster, backfill_id))


@router.post(
    "/{backfill_id}/resume",
    summary="Resume a backfill",
    operation_id="resume_backfill",
    status_code=202,
    response_model=Backfill,
    responses=problems(NotFoundError, ConflictError),
)
def post_resume(scope: SyncsWrite, backfill_id: BackfillId, idempotency: Idempotent) -> Response:
    """Go on with the windows that failed or were canceled."""
    return idempotency.once(
        scope, lambda rows: actions.resume(scope, rows, backfill_id), status=202
    )
