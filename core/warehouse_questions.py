"""How is ClickHouse asked small questions hundreds of times a second? On an event loop.

The same HTTP interface, tenant filters and errors as `core.warehouse`, without a thread, a client
library's layers or a buffer of its own per question: kept connections, a request written in one
piece, an answer parsed by httptools. For questions whose answer is small and whose caller waits on
the loop; whatever else asks (streams, inserts, statements) uses `Warehouse`.
"""

import asyncio
import base64
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import httptools
from clickhouse_connect.driver.binding import format_bind_value

from core.errors import EngineUnavailableError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import (
    CONNECT_SECONDS,
    SMALL_ANSWER,
    TIMEOUT_EXCEEDED,
    QueryTimeoutError,
    TenantQuery,
    WarehouseQueryError,
    bound_settings,
)

KEPT_CONNECTIONS = 16
# How much longer than the query itself may take until its answer is here.
GRACE_SECONDS = 5.0
_CODE_HEADER = b"x-clickhouse-exception-code"
# Which parts tables are made of. A name is given once, and a part never changes: while they are
# the same, so is every row. The path holds the table's own id and the part's name.
PARTS = (
    b"select path, toUnixTimestamp(modification_time), rows from system.parts"
    b" where database in {databases:Array(String)} and table in {tables:Array(String)} and active"
    b" order by path"
)


class _Unanswered(ConnectionError):  # noqa: N818 - named for what is true
    """The connection ended before a byte of the answer came."""


class _Conversation(asyncio.Protocol):
    """One connection, one question at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[tuple[int, int, bytes]] | None = None
        self._clear()

    def _clear(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._code, self._has_begun = 0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._has_begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(ConnectionError(f"no HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        kind = ConnectionError if self._has_begun else _Unanswered
        self._end(kind(str(exc or "the connection was closed")))

    def _end(self, error: Exception) -> None:
        self.close()
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == _CODE_HEADER:
            self._code = int(value)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        found = self._parser.get_status_code(), self._code, b"".join(self._body)
        if not self._parser.should_keep_alive():
            self.close()
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(found)

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, int, bytes]]":
        """Send a request; the future holds its answer's status, error code and body."""
        assert self.transport is not None
        self._clear()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    @property
    def is_open(self) -> bool:
        """Say whether another question may be asked."""
        return self.transport is not None and not self.transport.is_closing()

    def close(self) -> None:
        """End the connection, and with it a query that still runs."""
        if self.transport is not None:
            self.transport.abort()


@dataclass
class WarehouseQuestions:
    """ClickHouse, as one event loop asks it."""

    host: str
    port: int
    head: bytes
    tls: ssl.SSLContext | None
    is_replicated: bool = False
    _kept: list[_Conversation] = field(default_factory=list)

    @classmethod
    def of(cls, settings: Settings) -> "WarehouseQuestions":
        """Return what asks `settings.clickhouse_url`; nothing is opened before the first question.

        Raises:
            ConfigurationError: No URL is set.
        """
        url = urlsplit(settings.required("clickhouse_url"))
        host = url.hostname or "127.0.0.1"
        port = url.port or (8443 if url.scheme == "https" else 8123)
        user = f"{unquote(url.username or 'default')}:{unquote(url.password or '')}"
        head = (
            f" HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: oppulence\r\n"
            f"Authorization: Basic {base64.b64encode(user.encode()).decode()}\r\nContent-Length: "
        )
        tls = _tls(parse_qs(url.query)) if url.scheme == "https" else None
        return cls(host, port, head.encode(), tls, is_replicated=bool(settings.clickhouse_cluster))

    async def lines(
        self,
        tenants: Sequence[TenantId],
        query: TenantQuery,
        parameters: Mapping[str, Any],
        *,
        seconds: float,
    ) -> bytes:
        """Run `query` as these tenants; return its rows as lines, each a JSON array.

        Several tenants' rows are each for its own requests alone.

        Raises:
            QueryTimeoutError: It took longer.
            WarehouseQueryError: It failed.
            EngineUnavailableError: Nobody answered.
        """
        settings = bound_settings(query, *tenants, seconds=seconds)
        return await self._ask(query.sql.encode(), settings, parameters, seconds)

    async def parts(self, *tables: str, seconds: float) -> bytes:
        """Return what differs whenever a row of a `database.table` may; nothing if nobody knows.

        A line for each part, a JSON array: its path, when it was changed, its rows.

        Of replicas, which may answer in turns, each knows its own parts, and one may lag behind.

        Raises:
            As `lines` does.
        """
        if self.is_replicated:
            return b""
        databases, names = zip(*(table.split(".") for table in tables), strict=True)
        asked = {"databases": sorted(set(databases)), "tables": sorted(set(names))}
        return await self._ask(PARTS, {}, asked, seconds)

    def close(self) -> None:
        """Close every connection."""
        while self._kept:
            self._kept.pop().close()

    async def _ask(
        self,
        sql: bytes,
        settings: Mapping[str, Any],
        parameters: Mapping[str, Any],
        seconds: float,
    ) -> bytes:
        words = urlencode(
            {f"param_{name}": format_bind_value(value) for name, value in parameters.items()}
            | {"default_format": "JSONCompactEachRow", **SMALL_ANSWER, **settings}
        )
        request = b"POST /?%b%b%d\r\n\r\n%b" % (words.encode(), self.head, len(sql), sql)
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS):
                status, code, body = await self._exchange(request)
        except (OSError, TimeoutError) as error:
            raise EngineUnavailableError(
                f"ClickHouse did not answer: {error or type(error).__name__}",
                next_step="Run `oppulence doctor`.",
            ) from error
        if status == 200 and not code:
            return body
        if code == TIMEOUT_EXCEEDED:
            raise QueryTimeoutError(
                "The query was ended because it took too long.",
                next_step="Ask for less: a shorter time, one account, one currency.",
            )
        raise WarehouseQueryError(body.decode(errors="replace").strip()[:1000])

    async def _exchange(self, request: bytes) -> tuple[int, int, bytes]:
        """Send a request on a kept connection, or on a new one if the server has closed that."""
        while True:
            kept = self._take()
            conversation = kept or await self._open()
            try:
                found = await conversation.ask(request)
            except _Unanswered:
                if kept is None:
                    raise
                continue  # it was closed while it waited; nothing was changed by asking
            except BaseException:
                conversation.close()
                raise
            if conversation.is_open and len(self._kept) < KEPT_CONNECTIONS:
                self._kept.append(conversation)
            else:
                conversation.close()
            return found

    def _take(self) -> _Conversation | None:
        while self._kept:
            conversation = self._kept.pop()
            if conversation.is_open:
                return conversation
        return None

    async def _open(self) -> _Conversation:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, conversation = await loop.create_connection(
                _Conversation, self.host, self.port, ssl=self.tls
            )
        return conversation


def _tls(options: Mapping[str, list[str]]) -> ssl.SSLContext:
    """Return what the URL's options say of certificates, in clickhouse-connect's words."""
    named = {name: values[-1] for name, values in options.items()}
    context = ssl.create_default_context(cafile=named.get("ca_cert"))
    if "client_cert" in named:
        context.load_cert_chain(named["client_cert"], named.get("client_cert_key"))
    if named.get("verify", "").lower() in ("false", "0", "no"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
