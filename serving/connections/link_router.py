"""How is an account connected by consent? Providers, `POST …/link`, `GET …/callback`."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from core.errors import ConflictError, NotFoundError, ProviderError
from linking.registry import FLOWS, flow_of
from serving.auth.link_state import LinkReturn
from serving.auth.scope import ConnectionsRead, ConnectionsWrite
from serving.connections import consent
from serving.connections.link_schemas import LinkAsked, LinkStarted, Provider
from serving.engines import ServerSettings
from serving.idempotency import Idempotent
from serving.pagination import Collection
from serving.responses import problems

router = APIRouter(prefix="/v1", tags=["connections"])


@router.get("/providers", summary="List providers", operation_id="list_providers")
def get_providers(scope: ConnectionsRead) -> Collection[Provider]:
    """List the providers whose accounts can be connected, and what each takes."""
    flows = [flow_of(name) for name in sorted(FLOWS)]
    return Collection(
        data=[
            Provider(
                provider=flow.provider,
                credential_fields=dict(flow.credential_fields),
                choice_fields=dict(flow.choice_fields),
                has_consent=flow.has_consent,
            )
            for flow in flows
        ]
    )


@router.post(
    "/connections/link",
    summary="Start a consent",
    operation_id="start_link",
    status_code=201,
    response_model=LinkStarted,
    responses=problems(NotFoundError, ConflictError, ProviderError),
)
def post_link(
    scope: ConnectionsWrite,
    request: LinkAsked,
    idempotency: Idempotent,
    settings: ServerSettings,
) -> Response:
    """Ask the provider for a page (`url`) or a widget's token (`token`) to give consent with.

    The link works once, for an hour at most. From a page the user returns to `redirect_url` with
    `connection_id`, or with `error` (a problem's code); either way with `link_id`.
    """
    return idempotency.once_after(
        scope,
        lambda: consent.start(scope, settings, request),
        lambda rows, started: consent.keep(scope, rows, started),
        status=201,
    )


@router.get(
    "/connections/callback",
    summary="Return from a consent",
    operation_id="finish_link",
    status_code=303,
    response_class=RedirectResponse,
    responses=problems(NotFoundError)
    | {303: {"description": "Back to the link's own `redirect_url`, and to no other place"}},
)
def get_callback(scope: LinkReturn, request: Request, settings: ServerSettings) -> Response:
    """Finish the consent that the state belongs to; providers send the user's browser here.

    The state is the credential: made by us, single use, of one workspace, expiring.
    """
    answer = {name: value for name, value in request.query_params.items() if name != "state"}
    target = consent.finish(scope, settings, request.query_params["state"], answer)
    # The address that the user came by holds the provider's code: no other page shall see it.
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(target, 303, headers=headers)
