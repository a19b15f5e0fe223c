"""Where are answers kept? In this process, the latest of them, and in Redis, by key.

What is kept is never wrong, only unneeded: its key names the state of the data that it was made of.
While Redis is away or off each process has its own alone.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
import redis.asyncio

from core.logs import get_logger

KEPT_SECONDS = 600
LARGEST_BYTES = 1_000_000
AT_HAND_BYTES = 48_000_000
# How long a failed Redis is left alone: its timeout would slow down every request.
LEFT_ALONE_SECONDS = 5.0
_LOG = get_logger("serving")


@dataclass
class AnswerCache:
    """Answers by key."""

    client: redis.Redis | None
    on_loop: redis.asyncio.Redis | None = None
    _at_hand: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _retry_at: float = field(default=0.0)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _storing: set[asyncio.Task[None]] = field(default_factory=set)

    def at_hand(self, key: str) -> bytes | None:
        """Return the answer if this process has it."""
        with self._lock:
            body = self._at_hand.get(key)
            if body is not None:
                self._at_hand.move_to_end(key)
            return body

    def get(self, key: str) -> bytes | None:
        """Return the kept answer, if there is one."""
        body = self.at_hand(key)
        if body is None:
            found = self._try(lambda client: client.get(key))
            if isinstance(found, bytes):
                body = found
                self._hold(key, body)
        return body

    def keep(self, key: str, body: bytes) -> None:
        """Keep an answer for a while."""
        if len(body) <= LARGEST_BYTES:
            self._hold(key, body)
            self._try(lambda client: client.set(key, body, ex=KEPT_SECONDS))

    async def fetch(self, key: str) -> bytes | None:
        """Return an answer that is not at hand, if it is kept; on the server's loop."""
        if self.on_loop is None or time.monotonic() < self._retry_at:
            return None
        try:
            found = await self.on_loop.get(key)
        except redis.RedisError as error:
            self._leave_alone(error)
            return None
        if isinstance(found, bytes):
            self._hold(key, found)
            return found
        return None

    def keep_on_loop(self, key: str, body: bytes) -> None:
        """Keep an answer for a while: at hand at once, in Redis when the loop has time."""
        if len(body) > LARGEST_BYTES:
            return
        self._hold(key, body)
        if self.on_loop is not None and time.monotonic() >= self._retry_at:
            task = asyncio.get_running_loop().create_task(self._store(key, body))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)

    async def close(self) -> None:
        """Finish what is being kept."""
        if self._storing:
            await asyncio.wait(self._storing)
        if self.on_loop is not None:
            await self.on_loop.aclose()

    async def _store(self, key: str, body: bytes) -> None:
        assert self.on_loop is not None
        try:
            await self.on_loop.set(key, body, ex=KEPT_SECONDS)
        except redis.RedisError as error:
            self._leave_alone(error)

    def _hold(self, key: str, body: bytes) -> None:
        with self._lock:
            self._bytes += len(body) - len(self._at_hand.pop(key, b""))
            self._at_hand[key] = body
            while self._bytes > AT_HAND_BYTES:
                self._bytes -= len(self._at_hand.popitem(last=False)[1])

    def _try(self, act: Callable[[redis.Redis], object]) -> object:
        if self.client is None or time.monotonic() < self._retry_at:
            return None
        try:
            return act(self.client)
        except redis.RedisError as error:
            self._leave_alone(error)
            return None

    def _leave_alone(self, error: redis.RedisError) -> None:
        self._retry_at = time.monotonic() + LEFT_ALONE_SECONDS
        _LOG.warning("cache_off", reason=str(error))
