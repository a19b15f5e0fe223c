"""How is a sync asked for and followed? `POST /v1/transactions.sync`, `GET /v1/syncs/{id}`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from core.errors import ConflictError, NotFoundError
from serving.auth.scope import SyncsRead, SyncsWrite
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.responses import problems
from serving.syncs import actions
from serving.syncs.dagster import Dagster
from serving.syncs.schemas import Sync, SyncRequest
from serving.words import Id

router = APIRouter(prefix="/v1", tags=["syncs"])


def _dagster(request: Request) -> Dagster:
    settings = request.state.engines.settings
    return Dagster(settings.dagster_url or f"http://127.0.0.1:{settings.dagster_port}")


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
    return idempotency.once(
        scope,
        lambda rows: actions.request_syncs(scope, rows, dagster, request.connection_id),
        status=202,
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
    with scope.transaction() as rows:
        return actions.find_sync(scope, rows, dagster, sync_id)
