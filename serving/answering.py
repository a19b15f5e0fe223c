"""In how many pieces does an answer leave? In one: its head goes with the beginning of its body.

uvicorn hands the head to the connection before it is given the body, and the system is then called
twice, and the caller woken twice, for each answer. Here a head waits for what is written next, but
no longer than until the loop turns: a stream that takes its time announces itself at once.
"""

import asyncio
from collections.abc import Callable


class Answering(asyncio.Transport):
    """A connection's transport, as one answer sees it.

    Args:
        transport: The connection's.
        has_begun: Says whether the answer's head has been written: what comes before is not it.
        loop: The server's.
    """

    __slots__ = ("_has_begun", "_head", "_is_past_head", "_loop", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        has_begun: Callable[[], bool],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._transport, self._has_begun, self._loop = transport, has_begun, loop
        self._head, self._is_past_head = b"", False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write, or hold what is the head."""
        if self._is_past_head:
            if self._head and data:
                head, self._head = self._head, b""
                self._transport.writelines([head, data])
            else:
                self._transport.write(data)
        elif self._has_begun():
            self._head, self._is_past_head = bytes(data), True
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Say whether the connection is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Write what is held, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)
