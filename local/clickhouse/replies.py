"""How does an answer travel back: its headers, its pieces, and a failure at any point of it?

An answer is held back until it is complete or exceeds the buffer, so that a query that fails early
gets its proper status. Past that point a failure can only be told inside the body: between the
markers of a server since 25.11, and with the chunked stream left unfinished, so that no client
takes the part for the whole.
"""

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.clickhouse.encodings import Encoder, encoder_for
from local.clickhouse.engine import Progress
from local.clickhouse.failures import QueryFailed

if TYPE_CHECKING:
    from local.clickhouse.handler import Handler

_TAG_LETTERS = bytes(ord("a") + byte % 26 for byte in range(256))


def _content_type(output_format: str) -> str:
    """Return what a server declares for a format."""
    if output_format in {
        "JSON",
        "JSONCompact",
        "JSONStrings",
        "JSONCompactStrings",
        "JSONColumnsWithMetadata",
    }:
        return "application/json; charset=UTF-8"
    if output_format.startswith("JSON") and output_format.endswith("EachRow"):
        return "application/x-ndjson; charset=UTF-8"
    if output_format.startswith("CSV"):
        header = "present" if "WithNames" in output_format else "absent"
        return f"text/csv; charset=UTF-8; header={header}"
    if output_format.startswith(("TabSeparated", "TSV")):
        return "text/tab-separated-values; charset=UTF-8"
    if (
        output_format in {"Native", "Parquet", "Arrow", "ArrowStream", "ORC", "Avro"}
        or "RowBinary" in output_format
    ):
        return "application/octet-stream"
    return "text/plain; charset=UTF-8"


def summary(progress: Progress) -> str:
    """Return the value of ``X-ClickHouse-Summary``."""
    return json.dumps(
        {
            "read_rows": str(progress.read_rows),
            "read_bytes": str(progress.read_bytes),
            "written_rows": str(progress.written_rows),
            "written_bytes": str(progress.written_bytes),
            "total_rows_to_read": "0",
            "result_rows": str(progress.written_rows),
            "result_bytes": str(progress.written_bytes),
            "elapsed_ns": str(int(progress.elapsed * 1_000_000_000)),
        },
        separators=(",", ":"),
    )


class Reply:
    """The answer to one request."""

    def __init__(self, handler: "Handler", version: str) -> None:
        """Prepare an answer; its `headers` go out with it, whatever it becomes."""
        self._handler = handler
        self._version = version
        self.headers: dict[str, str] = {}
        self._held = bytearray()
        self._buffer_size = 1 << 20
        self._hold_all = False
        self._encoder: Encoder | None = None
        self._tag = secrets.token_bytes(16).translate(_TAG_LETTERS).decode()
        self.started = False

    def shape(
        self, output_format: str, accept_encoding: str, buffer_size: int, hold_all: bool
    ) -> None:
        """Fix the answer's format, compression and buffering."""
        self._buffer_size = buffer_size
        self._hold_all = hold_all
        self.headers["Content-Type"] = _content_type(output_format)
        self.headers["X-ClickHouse-Format"] = output_format
        self.headers["X-ClickHouse-Exception-Tag"] = self._tag
        chosen = encoder_for(accept_encoding)
        if chosen is not None:
            self.headers["Content-Encoding"], self._encoder = chosen

    def write(self, piece: bytes) -> None:
        """Take the next piece of the result."""
        if self.started:
            self._send_chunk(piece)
            return
        self._held += piece
        if len(self._held) > self._buffer_size and not self._hold_all:
            self._start()

    def finish(self, progress: Progress) -> None:
        """End the answer."""
        if not self.started:
            self.headers["X-ClickHouse-Summary"] = summary(progress)
            body = bytes(self._held)
            if self._encoder is not None:
                body = self._encoder.compress(body) + self._encoder.flush()
            self._send_whole(HTTPStatus.OK, body)
            return
        if self._encoder is not None:
            self._send_raw_chunk(self._encoder.flush())
        self._handler.wfile.write(b"0\r\n\r\n")

    def fail(self, error: QueryFailed) -> None:
        """Tell the client what went wrong."""
        message = error.message(self._version).encode()
        if self.started:
            block = b"\r\n__exception__\r\n%b\r\n%b\n%d %b\r\n__exception__\r\n" % (
                self._tag.encode(),
                message,
                len(message) + 1,
                self._tag.encode(),
            )
            self._send_chunk(block)
            if self._encoder is not None:
                self._send_raw_chunk(self._encoder.flush())
            self._handler.close_connection = True
            return
        self.headers.pop("Content-Encoding", None)
        self.headers["Content-Type"] = "text/plain; charset=UTF-8"
        self.headers["X-ClickHouse-Exception-Code"] = str(error.code)
        if error.status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        self._send_whole(error.status, message + b"\n")

    def _send_whole(self, status: HTTPStatus, body: bytes) -> None:
        self._send_head(
            status,
            {"Content-Length": str(len(body))},
            b"" if self._handler.command == "HEAD" else body,
        )
        self.started = True

    def _start(self) -> None:
        self.headers["X-ClickHouse-Summary"] = summary(Progress())
        self._send_head(HTTPStatus.OK, {"Transfer-Encoding": "chunked"})
        self.started = True
        held, self._held = bytes(self._held), bytearray()
        self._send_chunk(held)

    def _send_head(self, status: HTTPStatus, framing: dict[str, str], body: bytes = b"") -> None:
        self._handler.send_response(status)
        for name, value in (self.headers | framing).items():
            self._handler.send_header(name, value)
        if self._handler.close_connection:
            self._handler.send_header("Connection", "close")
        self._handler.end_headers(body)

    def _send_chunk(self, piece: bytes) -> None:
        self._send_raw_chunk(piece if self._encoder is None else self._encoder.compress(piece))

    def _send_raw_chunk(self, piece: bytes) -> None:
        if piece and self._handler.command != "HEAD":
            self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
