"""Which paths does the gateway answer, and how does it start and stop serving?"""

import hmac
import socket
import threading
import time
import uuid
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog

from local.clickhouse.bodies import BodyCut, RequestBody
from local.clickhouse.engine import Engine
from local.clickhouse.failures import QueryFailed, failure
from local.clickhouse.queries import Queries
from local.clickhouse.replies import Reply
from local.clickhouse.requests import QueryRequest, read_request
from local.clickhouse.running import ClientGone, ClientWatch, RunningQueries
from local.clickhouse.sessions import Sessions

_log = structlog.get_logger("local.clickhouse")
# So much of an unread body is read over to keep a connection; beyond it the connection is closed.
_DISCARD_BYTES = 1 << 28
_IDLE_SECONDS = 3600


class GatewayServer(ThreadingHTTPServer):
    """The HTTP server over one engine."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], engine: Engine, password: str = "") -> None:
        """Bind the address; nothing is answered before ``serve_forever``."""
        self.engine = engine
        self.sessions = Sessions(engine)
        self.running = RunningQueries(engine)
        self.queries = Queries(engine, self.sessions, self.running)
        self.password = password
        self.display_name = socket.gethostname()
        self.stopping = False
        self._active = 0
        self._idle = threading.Condition()
        super().__init__(address, _Handler)

    def begin(self) -> None:
        """Count a query in, or refuse it because the gateway is stopping."""
        with self._idle:
            if self.stopping:
                raise failure(
                    236, "ABORTED", "The gateway is shutting down", HTTPStatus.SERVICE_UNAVAILABLE
                )
            self._active += 1

    def end(self) -> None:
        """Count a query out."""
        with self._idle:
            self._active -= 1
            self._idle.notify_all()

    def drain(self, seconds: float) -> bool:
        """Refuse what is new and wait for what runs; say whether all of it ended in time."""
        with self._idle:
            self.stopping = True
            return self._idle.wait_for(lambda: self._active == 0, seconds)

    def service_actions(self) -> None:
        """End sessions whose time is over."""
        self.sessions.close_expired()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what no answer could tell."""
        _log.exception("request_failed", client=str(client_address))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    rbufsize = 1 << 20
    server: GatewayServer

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path in {"/ping", "/replicas_status"} or (
            path.path == "/" and not self._asks_query()
        ):
            self._send_text(HTTPStatus.OK, "Ok.\n")
        elif path.path == "/":
            self._answer_query()
        else:
            self._send_text(
                HTTPStatus.NOT_FOUND,
                f"There is no handle {self.path}\n\nUse / or /ping for health checks.\nOr /replicas_status for more "
                "sophisticated health checks.\n\nSend queries from your program with POST method or GET "
                "/?query=...\n",
            )

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._answer_query()

    do_PUT = do_POST

    def do_OPTIONS(self) -> None:
        self._send_text(HTTPStatus.NO_CONTENT, "")

    def _asks_query(self) -> bool:
        return any(
            name == "query"
            for name, _ in parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        )

    def _answer_query(self) -> None:
        started = time.monotonic()
        headers = _lower(self.headers)
        body = RequestBody(self.rfile, headers)
        reply = Reply(self, self.server.engine.version, self._reply_headers())
        try:
            self._run_query(headers, body, reply)
        except QueryFailed as error:
            if not body.discard(_DISCARD_BYTES):
                self.close_connection = True
            reply.fail(error)
        except (BodyCut, ClientGone, OSError) as error:
            self.close_connection = True
            _log.debug("client_gone", reason=str(error) or type(error).__name__)
        _log.debug("query_answered", path=self.path, seconds=round(time.monotonic() - started, 4))

    def _run_query(self, headers: dict[str, str], body: RequestBody, reply: Reply) -> None:
        self.server.begin()
        try:
            form: dict[str, str] = {}
            if (
                headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
                and self._form_wanted()
            ):
                form = _form_of(body)
            request = read_request(self.command, self.path, headers, form)
            self._authenticate(request)
            query_id = request.query_id or str(uuid.uuid4())
            reply.name(query_id)
            self.server.queries.run(request, query_id, body, reply, ClientWatch(self.connection))
        finally:
            self.server.end()

    def _form_wanted(self) -> bool:
        # curl declares every --data body a form; a server treats it as one only where no query stands in the URL.
        return False

    def _authenticate(self, request: QueryRequest) -> None:
        known = request.user == "default" and hmac.compare_digest(
            request.password.encode(), self.server.password.encode()
        )
        if not known:
            raise failure(
                516,
                "AUTHENTICATION_FAILED",
                f"{request.user}: Authentication failed: password is incorrect, or there is no user with such name.",
            )

    def _reply_headers(self) -> dict[str, str]:
        return {
            "X-ClickHouse-Server-Display-Name": self.server.display_name,
            "X-ClickHouse-Timezone": self.server.engine.timezone,
        }

    def _send_text(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the standard library from writing an access log to stderr."""


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _form_of(body: RequestBody) -> dict[str, str]:
    return dict(parse_qsl(b"".join(body.pieces()).decode(), keep_blank_values=True))
