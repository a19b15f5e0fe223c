"""Which paths, methods and visitors does the gateway answer?"""

import hmac
import ipaddress
import logging
import time
import uuid
from contextlib import ExitStack
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from local.clickhouse.bodies import BodyCut, RequestBody
from local.clickhouse.external_tables import ExternalTable, describe_table
from local.clickhouse.failures import QueryFailed, failure
from local.clickhouse.forms import read_multipart, read_urlencoded
from local.clickhouse.queries import Call
from local.clickhouse.replies import Reply
from local.clickhouse.requests import QueryRequest, read_request
from local.clickhouse.running import ClientGone, ClientWatch

if TYPE_CHECKING:
    from local.clickhouse.gateway import Gateway

_log = logging.getLogger(__name__)
# So much of an unread body is read over to keep a connection; beyond it the connection is closed.
_DISCARD_BYTES = 1 << 30
_IDLE_SECONDS = 3600
_NO_SUCH_PATH = """There is no handle {path}

Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...

"""


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    rbufsize = 1 << 20
    server: "Gateway"

    def do_GET(self) -> None:
        """Answer a health check or a reading query."""
        path = urlsplit(self.path)
        words = parse_qsl(path.query, keep_blank_values=True)
        if path.path in {"/ping", "/replicas_status"}:
            self._send_text(HTTPStatus.OK, "Ok.\n")
        elif path.path != "/":
            self._send_text(HTTPStatus.NOT_FOUND, _NO_SUCH_PATH.format(path=self.path))
        elif any(name == "query" for name, _ in words):
            self._answer_query()
        else:
            self._send_text(HTTPStatus.OK, "Ok.\n")

    do_HEAD = do_GET  # noqa: N815 - the name that the base class looks for

    def do_POST(self) -> None:
        """Answer any query."""
        if urlsplit(self.path).path != "/":
            self.close_connection = True
            self._send_text(HTTPStatus.NOT_FOUND, _NO_SUCH_PATH.format(path=self.path))
            return
        self._answer_query()

    do_PUT = do_POST  # noqa: N815 - as above

    def do_OPTIONS(self) -> None:
        """Allow nothing to a foreign page."""
        self._send_text(HTTPStatus.NO_CONTENT, "")

    def _answer_query(self) -> None:
        started = time.monotonic()
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = RequestBody(self.rfile, headers)
        reply = Reply(self, self.server.engine.version)
        reply.headers |= {
            "X-ClickHouse-Server-Display-Name": self.server.display_name,
            "X-ClickHouse-Timezone": self.server.engine.timezone,
        }
        try:
            try:
                with self.server.counted(), ExitStack() as files:
                    self._run_query(headers, body, reply, files)
            except QueryFailed as error:
                reply.fail(error)
            if not body.discard(_DISCARD_BYTES):
                self.close_connection = True
        except (BodyCut, ClientGone, OSError) as error:
            self.close_connection = True
            _log.debug("The client left: %r", error)
        except Exception as error:  # noqa: BLE001 - the last line: logged here, told to the client
            _log.exception("A query failed in the gateway itself")
            self.close_connection = True
            reply.fail(failure(1002, "UNKNOWN_EXCEPTION", f"{type(error).__name__}: {error}"))
        _log.debug("%s %s: %.4f s", self.command, self.path, time.monotonic() - started)

    def _run_query(
        self, headers: dict[str, str], body: RequestBody, reply: Reply, files: ExitStack
    ) -> None:
        self._refuse_foreign_pages(headers)
        body.prepare(self.command)
        content_type = headers.get("content-type", "")
        form: dict[str, str] = {}
        paths: dict[str, str] = {}
        if content_type.startswith("multipart/form-data"):
            form, paths = read_multipart(content_type, body, self.server.spool.path, files)
        elif content_type.startswith("application/x-www-form-urlencoded"):
            form = read_urlencoded(body)
        words = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)) | form
        tables = [_take_table(name, path, words) for name, path in paths.items()]
        request = read_request(self.command, words, headers)
        self._authenticate(request)
        query_id = request.query_id or str(uuid.uuid4())
        reply.headers["X-ClickHouse-Query-Id"] = query_id
        timezone = request.settings.get("session_timezone")
        if timezone:
            reply.headers["X-ClickHouse-Timezone"] = timezone
        call = Call(request, query_id, reply, ClientWatch(self.connection))
        self.server.queries.run(call, body, tables)

    def _refuse_foreign_pages(self, headers: dict[str, str]) -> None:
        """Refuse what a web page of another site sends through a browser on this machine.

        The engine may read and write files, and loopback alone keeps no browser out: a page can
        post to it, and can point a name of its own at this address.
        """
        host = headers.get("host", "")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise failure(497, "ACCESS_DENIED", f"Requests from pages of {origin} are refused")
        name = urlsplit(f"//{host}").hostname or ""
        bound = str(self.server.server_address[0])
        if ipaddress.ip_address(bound).is_loopback and not _is_loopback(name):
            raise failure(497, "ACCESS_DENIED", f"Requests under the name {name} are refused")

    def _authenticate(self, request: QueryRequest) -> None:
        expected = self.server.password.encode()
        if request.user == "default" and hmac.compare_digest(request.password.encode(), expected):
            return
        raise failure(
            516,
            "AUTHENTICATION_FAILED",
            f"{request.user}: Authentication failed: password is incorrect, or there is no user "
            "with such name.",
        )

    def _send_text(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=UTF-8")
        self.send_header("Content-Length", str(len(text)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def end_headers(self, body: bytes = b"") -> None:
        """End the head; what follows it leaves with it, so that its reader wakes once."""
        if self.request_version == "HTTP/0.9":  # which has no head
            self.wfile.write(body)
            return
        self._headers_buffer.append(b"\r\n" + body)  # type: ignore[attr-defined]
        self.flush_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the standard library from writing an access log of its own."""
        _log.debug(format, *args)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "" or name == "localhost" or name.endswith(".localhost")


def _take_table(name: str, path: str, words: dict[str, str]) -> ExternalTable:
    table = describe_table(name, path, words)
    for ending in ("format", "structure", "types"):
        words.pop(f"{name}_{ending}", None)
    return table
