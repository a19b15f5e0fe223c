"""How are dead letters seen and tried again? One by one, or all of one cause."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from core.clock import utc_now
from core.database import Rows
from core.errors import NotFoundError
from serving.audit_log.entries import record
from serving.auth.scope import EventsRead, EventsWrite, TenantScope
from serving.dead_letters import queries
from serving.dead_letters.schemas import CauseRetry, DeadLetter, Retried, letter_of
from serving.idempotency import Idempotent
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.times import LATEST
from serving.words import Id, Word

router = APIRouter(prefix="/v1/dead_letters", tags=["dead letters"])


@router.get("", summary="List dead letters", operation_id="list_dead_letters")
def get_dead_letters(
    scope: EventsRead,
    cause: Word | None = None,
    state: Annotated[Literal["dead", "retrying"] | None, Query(description="Default: both")] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[DeadLetter]:
    """List what could not be applied, newest first: why, how often it was tried, and what it is."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "cause": cause, "state": state, "after_at": after.moment, "after_id": after.name[0],
        "limit": limit + 1,
    }  # fmt: skip
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(found, limit, letter_of, lambda row: Cursor(row["created_at"], (row["id"],)))


@router.post(
    "/retry",
    summary="Retry all of a cause",
    operation_id="retry_dead_letters",
    status_code=202,
    response_model=Retried,
)
def post_retries(scope: EventsWrite, request: CauseRetry, idempotency: Idempotent) -> Response:
    """Try again every dead letter of a cause, as once it is mended."""

    def act(rows: Rows) -> Retried:
        values = request.model_dump() | {"now": utc_now()}
        number = rows.execute(queries.RETRY_CAUSE, values).rowcount
        record(rows, scope, "dead_letters.retried", request.cause, number=number)
        return Retried(retried=number)

    return idempotency.once(scope, act, status=202)


@router.post(
    "/{dead_letter_id}/retry",
    summary="Retry a dead letter",
    operation_id="retry_dead_letter",
    status_code=202,
    response_model=DeadLetter,
    responses=problems(NotFoundError),
)
def post_retry(
    scope: EventsWrite,
    dead_letter_id: Annotated[Id, Path(examples=["dead_5k2m8w0c1t7e9b3n6x4q0r2hz"])],
    idempotency: Idempotent,
) -> Response:
    """Try it again now, with all its attempts before it."""
    return idempotency.once(scope, lambda rows: _retried(scope, rows, dead_letter_id), status=202)


def _retried(scope: TenantScope, rows: Rows, dead_letter_id: str) -> DeadLetter:
    values = {"id": dead_letter_id, "now": utc_now()}
    if rows.execute(queries.RETRY, values).fetchone() is None:
        raise NotFoundError(
            f"There is no dead letter {dead_letter_id}.",
            next_step="GET /v1/dead_letters lists those there are.",
        )
    record(rows, scope, "dead_letter.retried", dead_letter_id)
    row = rows.execute(queries.ONE, [dead_letter_id]).fetchone()
    assert row is not None
    return letter_of(row)
