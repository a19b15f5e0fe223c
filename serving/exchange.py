"""What happens around every request? A request id, limits of its size, one access-log line.

A plain ASGI middleware, outermost: whatever an inner layer does, the answer carries its
`X-Request-Id`, and a failure that nobody foresaw becomes a 500 problem that says nothing of its
cause; the log has it, under the same id. Query strings are not logged: they may name people.
"""

import logging
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logs import get_logger
from serving.problems import problem_response, refused_problem, unexpected_problem
from serving.states import State

MAXIMUM_BODY_BYTES = 1_000_000
MAXIMUM_ADDRESS_BYTES = 8_192
MAXIMUM_HEADER_BYTES = 16_384
REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by whoever watches the process: worth a line only when they fail.
_PROBED = ("/health", "/ready")
_LOG = get_logger("serving")
_WRITTEN = logging.getLogger("serving")
_REQUEST_ID_NAME = REQUEST_ID_HEADER.lower().encode()


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as the layers learn about them.

    Args:
        request_id: The caller's own id where it sent a plain one, else ours.
        headers: What every answer to this request must carry, errors and 304 included.
        facts: Who asked and what was done, for the access log.
        is_admitted: The limits have counted it.
        state: Of the data, if it was read since the request came.
    """

    request_id: str
    headers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    is_admitted: bool = False
    state: State | None = None


class ExchangeMiddleware:
    """Wraps the application; keeps `Exchange` in `request.state.exchange`."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        # Unique without asking the system for chance every time.
        self._name, self._numbers = secrets.token_hex(8), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        given, refusal = _looked_at(scope)
        own = f"req_{self._name}{next(self._numbers):08x}"
        exchange = Exchange(given if _REQUEST_ID.fullmatch(given) else own)
        exchange.headers[REQUEST_ID_HEADER] = exchange.request_id
        scope.setdefault("state", {})["exchange"] = exchange
        method, path = scope["method"], scope["path"]
        started_at, status, received = time.monotonic(), 0, 0
        answered_at: float | None = None  # before what is done in the answer's background

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAXIMUM_BODY_BYTES:
                raise HTTPException(413)
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal status, answered_at
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with(exchange.headers, message["headers"])
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered_at = time.monotonic()

        try:
            if refusal is not None:
                problem = refused_problem(refusal, method, path[:200], exchange.request_id)
                await problem_response(problem)(scope, receive, send_with_headers)
            else:
                await self.application(scope, receive_within_limit, send_with_headers)
        except Exception:
            _LOG.exception("request_failed", request_id=exchange.request_id, path=path)
            if not status:  # it failed before the application's own handlers
                problem = unexpected_problem(path, exchange.request_id)
                await problem_response(problem)(scope, receive, send_with_headers)
            elif answered_at is None:  # only a cut connection can say that the answer is broken
                raise
        finally:
            is_routine = path in _PROBED and status < 400
            level = logging.DEBUG if is_routine else logging.INFO
            if _WRITTEN.isEnabledFor(level):  # else a line would be made to be thrown away
                _LOG.log(
                    level,
                    "request",
                    method=method,
                    path=path[:200],
                    status=status,
                    milliseconds=round(((answered_at or time.monotonic()) - started_at) * 1000, 1),
                    request_id=exchange.request_id,
                    **exchange.facts,
                )


def _looked_at(scope: Scope) -> tuple[str, int | None]:
    """Return the id that the caller gave, and the status if the request is too large to look at."""
    given, announced, size = b"", b"0", 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == _REQUEST_ID_NAME and not given:
            given = value
        elif name == b"content-length":
            announced = value
    refusal = None
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAXIMUM_ADDRESS_BYTES:
        refusal = 414
    elif size > MAXIMUM_HEADER_BYTES:
        refusal = 431
    elif announced.isdigit() and (len(announced) >= 20 or int(announced) > MAXIMUM_BODY_BYTES):
        refusal = 413
    return given.decode("latin-1"), refusal


def _with(
    added: Mapping[str, str], headers: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Return headers with some more, in the place of any of the same names."""
    encoded = {n.lower().encode("latin-1"): v.encode("latin-1") for n, v in added.items()}
    kept = [(name, value) for name, value in headers if name.lower() not in encoded]
    return [*kept, *encoded.items()]
