"""How are connections managed? List, connect, show, rename, reconnect, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from core.errors import ConflictError, NotFoundError, ProviderError
from serving.auth.scope import ConnectionsRead, ConnectionsWrite
from serving.connections import actions, queries
from serving.connections.schemas import (
    ConnectionChange,
    ConnectionRecord,
    ConnectionRequest,
    Reconnection,
)
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.responses import problems
from serving.words import Id

router = APIRouter(prefix="/v1/connections", tags=["connections"])


def _stripe_url(request: Request) -> str:
    return str(request.state.engines.settings.stripe_api_url)


# Where Stripe is: by settings alone, never by the caller, who could point us anywhere.
StripeUrl = Annotated[str, Depends(_stripe_url)]
ConnectionId = Annotated[Id, Path(examples=["conn_0q2hz5k2m8w0c1t7e9b3n6x4r"])]


@router.get("", summary="List connections", operation_id="list_connections")
def get_connections(scope: ConnectionsRead) -> Collection[ConnectionRecord]:
    """List the workspace's connections, oldest first, with their state."""
    with scope.transaction() as rows:
        return Collection(data=[ConnectionRecord(**row) for row in rows.execute(queries.ALL)])


@router.post(
    "",
    summary="Connect an account",
    operation_id="create_connection",
    status_code=201,
    response_model=ConnectionRecord,
    responses=problems(ConflictError, ProviderError),
)
def post_connection(
    scope: ConnectionsWrite, request: ConnectionRequest, idempotency: Idempotent, url: StripeUrl
) -> Response:
    """Verify the credentials with the provider and keep them encrypted.

    An account that is connected already keeps its connection, with the new credentials.
    """
    return idempotency.once(
        scope, lambda rows: actions.connect(scope, rows, request, url), status=201
    )


@router.get(
    "/{connection_id}",
    summary="Get a connection",
    operation_id="get_connection",
    responses=problems(NotFoundError),
)
def get_connection(scope: ConnectionsRead, connection_id: ConnectionId) -> ConnectionRecord:
    """Show one connection and its state."""
    with scope.transaction() as rows:
        return actions.find(rows, connection_id)


@router.patch(
    "/{connection_id}",
    summary="Rename a connection",
    operation_id="change_connection",
    responses=problems(NotFoundError),
)
def patch_connection(
    scope: ConnectionsWrite, connection_id: ConnectionId, request: ConnectionChange
) -> ConnectionRecord:
    """Give the connection another name."""
    with scope.transaction() as rows:
        return actions.rename(scope, rows, connection_id, request.name)


@router.post(
    "/{connection_id}/reconnect",
    summary="Reconnect an account",
    operation_id="reconnect_connection",
    response_model=ConnectionRecord,
    responses=problems(NotFoundError, ConflictError, ProviderError),
)
def post_reconnection(
    scope: ConnectionsWrite,
    connection_id: ConnectionId,
    request: Reconnection,
    idempotency: Idempotent,
    url: StripeUrl,
) -> Response:
    """Give the connection new credentials of the same account; it becomes `active`."""
    return idempotency.once(
        scope, lambda rows: actions.reconnect(scope, rows, connection_id, request, url)
    )


@router.delete(
    "/{connection_id}",
    summary="Delete a connection",
    operation_id="delete_connection",
    responses=problems(NotFoundError),
)
def delete_connection(scope: ConnectionsWrite, connection_id: ConnectionId) -> ConnectionRecord:
    """Ask the account no more and forget its credentials. The data that came stays."""
    with scope.transaction() as rows:
        return actions.revoke(scope, rows, connection_id)
