"""How is a sync asked for and followed? `POST /v1/transactions.sync`, `GET /v1/syncs`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from starlette.background import BackgroundTask

from core.database import Rows
from core.errors import ConflictError, NotFoundError
from serving.auth.scope import SyncsRead, SyncsWrite
from serving.engines import ServerSettings
from serving.idempotency import Idempotent
from serving.pagination import Collection, Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.syncs import actions, queries
from serving.syncs.dagster import Dagster
from serving.syncs.handover import try_hand_over
from serving.syncs.schemas import State, Sync, SyncRequest
from serving.times import LATEST
from serving.words import Id

router = APIRouter(prefix="/v1", tags=["syncs"])


def _dagster(settings: ServerSettings) -> Dagster:
    return Dagster.of(settings)


DagsterServer = Annotated[Dagster, Depends(_dagster)]


@router.post(
    "/transactions.sync",
    summary="Sync now",
    operation_id="sync_transactions",
    status_code=202,
    response_model=Collection[Sync],
    responses=problems(NotFoundError, ConflictError),
)
def post_sync(
    scope: SyncsWrite, request: SyncRequest, idempotency: Idempotent, dagster: DagsterServer
) -> Response:
    """Bring in what changed, now: one sync per connection, joined if one is under way already."""
    queued: list[str] = []

    def act(rows: Rows, _: None) -> Collection[Sync]:
        syncs = actions.request_syncs(scope, rows, request.connection_id)
        queued.extend(sync.id for sync in syncs.data if sync.state == "queued")
        return syncs

    answer = idempotency.once_after(
        scope, lambda: actions.note_ends(scope, dagster, request.connection_id), act, status=202
    )
    # After the answer: the sync is safe in Postgres, whatever becomes of Dagster or of us.
    answer.background = BackgroundTask(
        try_hand_over, scope.transaction, scope.tenant, dagster, queued
    )
    return answer


@router.get("/syncs", summary="List syncs", operation_id="list_syncs")
def get_syncs(
    scope: SyncsRead,
    connection_id: Annotated[Id | None, Query()] = None,
    state: Annotated[State | None, Query(examples=["running"])] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[Sync]:
    """List the syncs that were asked for, newest first."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "connection_id": connection_id, "state": state, "limit": limit + 1,
        "after_at": after.moment, "after_id": after.name[0],
    }  # fmt: skip
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(
        found, limit, lambda row: Sync(**row), lambda row: Cursor(row["requested_at"], (row["id"],))
    )


@router.get(
    "/syncs/{sync_id}",
    summary="Get a sync",
    operation_id="get_sync",
    responses=problems(NotFoundError),
)
def get_sync(
    scope: SyncsRead,
    sync_id: Annotated[Id, Path(examples=["sync_8w0c1t7e9b3n6x4q0r2hz5k2m"])],
    dagster: DagsterServer,
) -> Sync:
    """Show how far a sync is."""
    return actions.find_sync(scope, dagster, sync_id)
