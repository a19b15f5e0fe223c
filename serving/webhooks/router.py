"""How does a platform pass a webhook on, and where are the secrets set? With the workspace's key.

The address that a provider itself calls is `serving.webhooks.receiver`'s.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from core.errors import NotFoundError
from core.webhooks.delivery import Delivery, InvalidSignatureError
from serving.auth.scope import ConnectionsWrite, WebhooksDeliver
from serving.connections.router import ConnectionId
from serving.responses import problems
from serving.webhooks import secrets
from serving.webhooks.deliveries import Deliveries
from serving.webhooks.parking import NoRoomError
from serving.webhooks.schemas import SecretsChange, SecretsState

router = APIRouter(prefix="/v1", tags=["webhooks"])

Provider = Annotated[
    Literal["stripe", "plaid", "teller", "quickbooks", "xero"], Path(examples=["stripe"])
]
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The provider's body, byte for byte",
        "content": {"application/json": {"schema": {}}},
    }
}


@router.post(
    "/webhooks/{provider}",
    summary="Pass a webhook on",
    operation_id="deliver_webhook",
    status_code=200,
    response_class=Response,
    responses=problems(InvalidSignatureError, NotFoundError, NoRoomError)
    | {200: {"description": "Committed"}, 202: {"description": "Kept until it can be verified"}},
    openapi_extra=_BODY,
)
async def post_webhook(scope: WebhooksDeliver, provider: Provider, request: Request) -> Response:
    """Take a webhook that a provider sent to a platform: its body and its signature's header.

    The connection is found by the account that the body names, or by the secret that fits.
    A success means that it is committed; repetitions change nothing.
    """
    deliveries: Deliveries = request.state.deliveries
    delivery = Delivery(dict(request.headers), await request.body())
    status = await deliveries.take_within(scope.tenant, provider, delivery)
    return Response(status_code=status)


@router.put(
    "/connections/{connection_id}/webhook_secrets",
    summary="Set webhook secrets",
    operation_id="put_webhook_secrets",
    responses=problems(NotFoundError),
)
def put_webhook_secrets(
    scope: ConnectionsWrite, connection_id: ConnectionId, request: SecretsChange
) -> SecretsState:
    """Replace the secrets with which the provider signs. Several hold while one is rotated."""
    with scope.transaction() as rows:
        return secrets.put(scope, rows, connection_id, request)
