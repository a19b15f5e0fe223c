"""How does a workspace choose where events of ours are sent? Endpoints, their log, redelivery."""

import threading
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from core.outbound import emit
from core.outbound_address import AddressRefusedError, AddressUnansweredError, checked_address
from core.settings import Settings
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope, WebhooksRead, WebhooksWrite
from serving.idempotency import Idempotent
from serving.outbound import queries
from serving.outbound.schemas import (
    Endpoint,
    EndpointChange,
    EndpointRequest,
    NewEndpoint,
    OutboundDelivery,
    endpoint_of,
)
from serving.outbound.sending import new_secret
from serving.pagination import Collection, Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.times import LATEST
from serving.words import Id

MOST_ENDPOINTS = 20
LOOKED_UP_AT_ONCE = 6
_LOOKING_UP = threading.BoundedSemaphore(LOOKED_UP_AT_ONCE)
router = APIRouter(prefix="/v1/webhook_endpoints", tags=["outbound webhooks"])
EndpointId = Annotated[Id, Path(examples=["we_5k2m8w0c1t7e9b3n6x4q0r2hz"])]
DeliveryId = Annotated[Id, Path(examples=["dlv_5k2m8w0c1t7e9b3n6x4q0r2hz"])]


def _settings(request: Request) -> Settings:
    settings: Settings = request.state.engines.settings
    return settings


OurSettings = Annotated[Settings, Depends(_settings)]


@router.get("", summary="List endpoints", operation_id="list_webhook_endpoints")
def get_endpoints(scope: WebhooksRead) -> Collection[Endpoint]:
    """List where events of ours are sent."""
    with scope.transaction() as rows:
        return Collection(data=[endpoint_of(row) for row in rows.execute(queries.ENDPOINTS)])


@router.post(
    "",
    summary="Register an endpoint",
    operation_id="create_webhook_endpoint",
    status_code=201,
    response_model=NewEndpoint,
    responses=problems(ConflictError, AddressRefusedError),
)
def post_endpoint(
    scope: WebhooksWrite, request: EndpointRequest, idempotency: Idempotent, settings: OurSettings
) -> Response:
    """Send events to an address, signed by Standard Webhooks with the secret that is shown once."""
    return idempotency.once_after(
        scope, lambda: _checked(request.url, settings),
        lambda rows, _: _register(scope, rows, request), status=201,
    )  # fmt: skip


@router.patch(
    "/{endpoint_id}",
    summary="Enable or disable an endpoint",
    operation_id="change_webhook_endpoint",
    responses=problems(NotFoundError),
)
def patch_endpoint(
    scope: WebhooksWrite, endpoint_id: EndpointId, request: EndpointChange
) -> Endpoint:
    """Enable it again after it was mended, or let it rest."""
    with scope.transaction() as rows:
        values = {"id": endpoint_id, "state": request.state, "now": utc_now()}
        row = rows.execute(queries.CHANGE, values).fetchone()
        if row is None:
            raise _missing(endpoint_id)
        record(rows, scope, f"webhook_endpoint.{request.state}", endpoint_id)
        return endpoint_of(row)


@router.delete(
    "/{endpoint_id}",
    summary="Remove an endpoint",
    operation_id="delete_webhook_endpoint",
    responses=problems(NotFoundError),
)
def delete_endpoint(scope: WebhooksWrite, endpoint_id: EndpointId) -> Endpoint:
    """Send nothing there any more; its log goes with it."""
    with scope.transaction() as rows:
        row = rows.execute(queries.DELETE, [endpoint_id]).fetchone()
        if row is None:
            raise _missing(endpoint_id)
        record(rows, scope, "webhook_endpoint.deleted", endpoint_id)
        return endpoint_of(row)


@router.post(
    "/{endpoint_id}/test",
    summary="Send a test event",
    operation_id="test_webhook_endpoint",
    status_code=202,
    response_model=Endpoint,
    responses=problems(NotFoundError),
)
def post_test(scope: WebhooksWrite, endpoint_id: EndpointId, idempotency: Idempotent) -> Response:
    """Send `endpoint.test` to every endpoint that wants it, this one's description inside."""

    def act(rows: Rows) -> Endpoint:
        row = rows.execute(queries.ONE, [endpoint_id]).fetchone()
        if row is None:
            raise _missing(endpoint_id)
        data, now = {"endpoint_id": endpoint_id}, utc_now()
        emit(rows, str(scope.tenant), "endpoint.test", now.isoformat(), data, now)
        record(rows, scope, "webhook_endpoint.tested", endpoint_id)
        return endpoint_of(row)

    return idempotency.once(scope, act, status=202)


@router.get(
    "/{endpoint_id}/deliveries",
    summary="List deliveries",
    operation_id="list_webhook_deliveries",
    responses=problems(NotFoundError),
)
def get_deliveries(
    scope: WebhooksRead, endpoint_id: EndpointId, limit: Limit = 100, cursor: CursorText = None
) -> Page[OutboundDelivery]:
    """List what was sent to an endpoint and how it answered, newest first."""
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {
        "endpoint_id": endpoint_id, "after_at": after.moment, "after_id": after.name[0],
        "limit": limit + 1,
    }  # fmt: skip
    with scope.transaction() as rows:
        if rows.execute(queries.ONE, [endpoint_id]).fetchone() is None:
            raise _missing(endpoint_id)
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(
        found, limit, lambda row: OutboundDelivery(**row),
        lambda row: Cursor(row["created_at"], (row["id"],)),
    )  # fmt: skip


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/redeliver",
    summary="Deliver again",
    operation_id="redeliver_webhook",
    status_code=202,
    response_model=OutboundDelivery,
    responses=problems(NotFoundError),
)
def post_redelivery(
    scope: WebhooksWrite, endpoint_id: EndpointId, delivery_id: DeliveryId, idempotency: Idempotent
) -> Response:
    """Send an event to its endpoint once more, under the same id."""

    def act(rows: Rows) -> OutboundDelivery:
        values = {"id": delivery_id, "endpoint_id": endpoint_id, "now": utc_now()}
        if rows.execute(queries.REDELIVER, values).fetchone() is None:
            raise NotFoundError(
                f"There is no delivery {delivery_id}.",
                next_step="GET the endpoint's deliveries lists those there are.",
            )
        row = rows.execute(queries.DELIVERY, [delivery_id]).fetchone()
        assert row is not None
        record(
            rows, scope, "webhook_endpoint.redelivered", endpoint_id, delivery=delivery_id,
            event=row["event_id"],
        )  # fmt: skip
        return OutboundDelivery(**row)

    return idempotency.once(scope, act, status=202)


def _checked(url: str, settings: Settings) -> None:
    """Refuse an address; not all of the API's threads may wait for strangers' names at once."""
    if not _LOOKING_UP.acquire(blocking=False):
        raise AddressUnansweredError(
            "Too many addresses are looked up just now.", next_step="Try again in some seconds."
        )
    try:
        checked_address(url, local_allowed=settings.outbound_local)
    finally:
        _LOOKING_UP.release()


def _register(scope: TenantScope, rows: Rows, request: EndpointRequest) -> NewEndpoint:
    if len(rows.execute(queries.ENDPOINTS).fetchall()) >= MOST_ENDPOINTS:
        raise ConflictError(
            f"A workspace has {MOST_ENDPOINTS} endpoints at most.", next_step="Remove one first."
        )
    endpoint_id, secret = new_id("we"), new_secret()
    values = request.model_dump() | {
        "workspace_id": str(scope.tenant), "id": endpoint_id, "now": utc_now(),
        "sealed": [scope.seal(secret, purpose=f"webhook_endpoint|{endpoint_id}")],
    }  # fmt: skip
    row = rows.execute(queries.INSERT, values).fetchone()
    assert row is not None
    record(rows, scope, "webhook_endpoint.created", endpoint_id, url=request.url)
    return NewEndpoint(secret=secret, **endpoint_of(row).model_dump())


def _missing(endpoint_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no endpoint {endpoint_id}.",
        next_step="GET /v1/webhook_endpoints lists those there are.",
    )
