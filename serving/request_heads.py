"""How slowly may a request arrive or an answer be taken, and how much of a head is read?

uvicorn's parser waits for ever and keeps whatever comes until a head is complete: a client that
trickles or never ends its headers would hold a connection, or all memory; and so would one that
takes no answer (`serving.unread`). This protocol closes such connections. A head that did arrive
whole, but is larger than it may be, is answered with a problem by `serving.exchange`.
"""

from asyncio import TimerHandle, Transport

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.answering import Answering
from serving.unread import UNREAD_SECONDS, Unread

ARRIVAL_SECONDS = 30.0
UNFINISHED_HEAD_BYTES = 65_536
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a time for each request to arrive in and a size for its head."""

    arrival_seconds = ARRIVAL_SECONDS
    unread_seconds = UNREAD_SECONDS
    _is_in_head = True
    _head_bytes = 0
    _deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection that says nothing is closed too."""
        super().connection_made(transport)
        self._unread = Unread(transport, self.unread_seconds, self.loop)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._arrived()
        self._unread.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is one endless head."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if not (was_in_head and self._is_in_head):
            return
        self._head_bytes += len(data)
        if self._head_bytes > UNFINISHED_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a head; the clock of a connection's first request has been running already."""
        super().on_message_begin()
        if self._deadline is None:
            self._expect_request()

    def on_headers_complete(self) -> None:
        """End the head."""
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: from here on the time is the application's."""
        self._arrived()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for the reader, but not for ever."""
        super().pause_writing()
        self._unread.watch()

    def resume_writing(self) -> None:
        """Go on: the reader has taken most of what was there."""
        self._unread.stop()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Watch the rest of an answer go: the connection may be closing behind it."""
        super().on_response_complete()
        if self.cycle is None or self.cycle.response_complete:
            self._unread.watch()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.transport = Answering(self.transport, lambda: cycle.response_started, self.loop)
        self._unread.stop()
        super()._start_asgi_task(cycle, app)

    def _expect_request(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        self._deadline = self.loop.call_later(self.arrival_seconds, self.transport.close)

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
