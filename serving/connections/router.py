"""How are connections managed? List, connect, show, rename, reconnect, delete."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from core.connections import Status
from core.errors import ConflictError, NotFoundError, ProviderError
from core.settings import Settings
from linking.flow import Linked
from serving.auth.scope import ConnectionsRead, ConnectionsWrite, TenantScope
from serving.connections import actions, evidence, listing
from serving.connections.registration import Registration
from serving.connections.schemas import (
    ConnectionChange,
    ConnectionRecord,
    ConnectionRequest,
    Reconnection,
)
from serving.engines import ServerSettings
from serving.idempotency import Idempotent
from serving.pagination import CursorText, Limit, Page
from serving.responses import problems
from serving.words import Id, Word

router = APIRouter(prefix="/v1/connections", tags=["connections"])

ConnectionId = Annotated[Id, Path(examples=["conn_0q2hz5k2m8w0c1t7e9b3n6x4r"])]


@router.get("", summary="List connections", operation_id="list_connections")
def get_connections(
    scope: ConnectionsRead,
    provider: Annotated[Word | None, Query(examples=["stripe"])] = None,
    status: Annotated[Status | None, Query(examples=["active"])] = None,
    limit: Limit = 100,
    cursor: CursorText = None,
) -> Page[ConnectionRecord]:
    """List the workspace's connections, oldest first, with their state."""
    return listing.list_connections(
        scope, provider=provider, status=status, limit=limit, cursor=cursor
    )


@router.post(
    "",
    summary="Connect an account",
    operation_id="create_connection",
    status_code=201,
    response_model=ConnectionRecord,
    responses=problems(NotFoundError, ConflictError, ProviderError),
)
def post_connection(
    scope: ConnectionsWrite,
    request: ConnectionRequest,
    idempotency: Idempotent,
    settings: ServerSettings,
) -> Response:
    """Verify credentials, a public token or a code with the provider and keep what they open.

    An account that is connected already keeps its connection, with the new credentials.
    """
    registration = Registration(settings)
    answer = idempotency.once_after(
        scope,
        lambda: evidence.linked_by(scope, settings, request.provider, request),
        lambda rows, linked: registration.note(
            actions.connect(scope, rows, request.provider, linked, request.name or ""), linked
        ),
        status=201,
    )
    registration.tell()
    return answer


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
    settings: ServerSettings,
) -> Response:
    """Give the connection new credentials or a new consent of the same account.

    It becomes `active`. A consent with a page is renewed by POST /v1/connections/link with this
    connection's id.
    """
    registration = Registration(settings)
    answer = idempotency.once_after(
        scope,
        lambda: _renewed(scope, settings, connection_id, request),
        lambda rows, linked: registration.note(
            actions.reconnect(scope, rows, connection_id, linked), linked
        ),
    )
    registration.tell()
    return answer


@router.delete(
    "/{connection_id}",
    summary="Delete a connection",
    operation_id="delete_connection",
    responses=problems(NotFoundError, ProviderError),
)
def delete_connection(
    scope: ConnectionsWrite,
    connection_id: ConnectionId,
    settings: ServerSettings,
    *,
    erase: Annotated[bool, Query(description="Remove its rows from ClickHouse too")] = False,
    force: Annotated[
        bool, Query(description="Delete it even if the provider does not end the consent")
    ] = False,
) -> ConnectionRecord:
    """End the consent at the provider, ask the account no more and forget its credentials.

    The data that came stays, unless `erase` is set: then every row of the connection in raw,
    staging, unified and marts is removed within minutes (`data` tells when).
    """
    evidence.end_consent(settings, actions.open_connection(scope, connection_id), is_forced=force)
    with scope.transaction() as rows:
        return actions.revoke(scope, rows, connection_id, erase=erase)


def _renewed(
    scope: TenantScope, settings: Settings, connection_id: str, request: Reconnection
) -> Linked:
    before = actions.open_connection(scope, connection_id)
    linked = evidence.linked_by(scope, settings, before.provider, request, api_url=before.api_url)
    evidence.refuse_another_account(linked, before.provider_account_id)
    return linked
