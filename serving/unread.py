"""How long may an answer lie unread? While its reader takes some of it, and half a minute after.

What a reader does not take waits in the connection's buffer, and whoever writes it waits for room:
a reader who takes nothing would hold the connection, and a stream its task and its query, for ever.
"""

import asyncio

UNREAD_SECONDS = 30.0
LEAST_BYTES = 16_384


class Unread:
    """Watches what one connection has not sent yet, and cuts it off if too little of it goes.

    Args:
        transport: The connection's.
        seconds: How long it may take until `LEAST_BYTES`, or all that is left, have gone.
        loop: The server's.
    """

    __slots__ = ("_last", "_loop", "_seconds", "_timer", "_transport")

    def __init__(
        self, transport: asyncio.WriteTransport, seconds: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transport, self._seconds, self._loop = transport, seconds, loop
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Begin anew, if anything is unsent: nothing is written until it has gone."""
        self.stop()
        self._last = self._transport.get_write_buffer_size()
        if self._last:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        """Watch no longer: more is written."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        left = self._transport.get_write_buffer_size()
        if left > max(0, self._last - LEAST_BYTES):
            self._transport.abort()
        else:
            self.watch()
