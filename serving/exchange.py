"""What happens around every request? A request id, the answer's headers, one access-log line.

A plain ASGI middleware, outermost: whatever an inner layer does, the answer carries its
`X-Request-Id`, and a failure that nobody foresaw becomes a 500 problem that says nothing of its
cause; the log has it, under the same id. Query strings are not logged: they may name people.
"""

import re
import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logs import get_logger
from core.tenancy import new_id
from serving.problems import problem_response, unexpected_problem

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOG = get_logger("serving")


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as the layers learn about them.

    Args:
        request_id: The caller's own id where it sent a plain one, else ours.
        headers: What every answer to this request must carry, errors and 304 included.
        facts: Who asked and what was done, for the access log.
    """

    request_id: str
    headers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)


class ExchangeMiddleware:
    """Wraps the application; keeps `Exchange` in `request.state.exchange`."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        exchange = Exchange(given if _REQUEST_ID.fullmatch(given) else new_id("req"))
        exchange.headers[REQUEST_ID_HEADER] = exchange.request_id
        scope.setdefault("state", {})["exchange"] = exchange
        started_at, status = time.monotonic(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                for name, value in exchange.headers.items():
                    headers[name] = value
                message["headers"] = headers.raw
            await send(message)

        try:
            await self.application(scope, receive, send_with_headers)
        except Exception:
            _LOG.exception("request_failed", request_id=exchange.request_id, path=scope["path"])
            if status:  # the answer has begun: only a cut connection can say that it is broken
                raise
            problem = unexpected_problem(scope["path"], exchange.request_id)
            await problem_response(problem)(scope, receive, send_with_headers)
        finally:
            _LOG.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round((time.monotonic() - started_at) * 1000, 1),
                request_id=exchange.request_id,
                **exchange.facts,
            )
