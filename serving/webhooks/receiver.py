"""How does a provider reach us? `POST /v1/webhooks/{provider}/{connection_id}`, by its signature.

An ASGI layer of its own in front of the application (`serving.server`): a stream of webhooks needs
no key, no rate limit and no line of log each, and a busy server answers several times as many
without them. What it costs is that FastAPI does not know the operation: `document()` is what the
OpenAPI document says of it.
"""

import re
import secrets
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import EngineUnavailableError, NotFoundError, OppulenceError
from core.logs import get_logger
from core.webhooks.delivery import Delivery, InvalidSignatureError
from core.webhooks.registry import SCHEMES
from serving.exchange import MAXIMUM_BODY_BYTES, REQUEST_ID_HEADER
from serving.problems import Problem, problem_response, refused_problem
from serving.responses import problem_declaration
from serving.webhooks.deliveries import Deliveries
from serving.webhooks.parking import NoRoomError

PATH = "/v1/webhooks/{provider}/{connection_id}"
_PATH = re.compile(r"/v1/webhooks/([a-z_]{1,40})/(conn_[a-z0-9_]{1,40})")
_SIGNATURES = {scheme.SIGNATURE_HEADER.encode() for scheme in SCHEMES.values()}
_LOG = get_logger("serving.webhooks")


class TooLargeError(OppulenceError):
    """The body is larger than any webhook."""

    code = "body_too_large"
    title = "The request's body is too large"
    status = 413


class WebhookReceiver:
    """Answers webhooks; leaves every other request to the application."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        # Unique without asking the system for chance every time.
        self._name, self._numbers = secrets.token_hex(8), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/webhooks/"):
            await self.application(scope, receive, send)
            return
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            await self.application(scope, receive, send)
            return
        request_id = f"req_{self._name}{next(self._numbers):08x}"
        method, path = scope["method"], scope["path"]
        if method != "POST":
            problem = refused_problem(405, method, path, request_id)
            headers = {"Allow": "POST", REQUEST_ID_HEADER: request_id}
            await problem_response(problem, headers)(scope, receive, send)
            return
        deliveries: Deliveries = scope["state"]["deliveries"]
        try:
            delivery = Delivery(_signatures(scope), await _body(receive))
            status = await deliveries.take(found[1], found[2], delivery)
        except OppulenceError as error:
            if not isinstance(error, InvalidSignatureError | NoRoomError):
                _LOG.warning("webhook_refused", request_id=request_id, path=path, code=error.code)
            headers = {REQUEST_ID_HEADER: request_id, **getattr(error, "headers", {})}
            await problem_response(_problem(error, path, request_id), headers)(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-length", b"0"), (b"x-request-id", request_id.encode())],
            }
        )
        await send({"type": "http.response.body", "body": b""})


def _signatures(scope: Scope) -> dict[str, str]:
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in _SIGNATURES
    }


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAXIMUM_BODY_BYTES:
            raise TooLargeError("The body is larger than 1 MB.")
    if message["type"] == "http.disconnect":
        raise EngineUnavailableError("The sender went away.")
    return body


def _problem(error: OppulenceError, path: str, request_id: str) -> Problem:
    return Problem(
        type=f"urn:oppulence:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail="It was not committed." if error.status == 503 else error.detail,
        code=error.code,
        instance=path,
        request_id=request_id,
        next_step="Send it again." if error.status == 503 else error.next_step,
    )


def document() -> dict[str, Any]:
    """Return the operation as the OpenAPI document shows it."""
    errors = (
        InvalidSignatureError, NotFoundError, TooLargeError, NoRoomError, EngineUnavailableError,
    )  # fmt: skip
    return {
        "tags": ["webhooks"],
        "summary": "Deliver a webhook of a connection",
        "operationId": "deliver_connection_webhook",
        "description": "The address to register with a provider. The provider's signature is what"
        " authenticates it; a success means that it is committed. Repetitions change nothing.",
        "security": [],
        "parameters": [
            _parameter("provider", {"type": "string", "enum": sorted(SCHEMES)}, "stripe"),
            _parameter(
                "connection_id",
                {"type": "string", "pattern": "^conn_[a-z0-9_]{1,40}$"},
                "conn_0q2hz5k2m8w0c1t7e9b3n6x4r",
            ),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": {
            "200": {"description": "Committed"},
            "202": {"description": "Kept until the connection and its secret are known"},
            "405": {"description": "Method not allowed"},
        }
        | {str(error.status): problem_declaration(error) for error in errors},
    }


def _parameter(name: str, schema: dict[str, Any], example: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}
