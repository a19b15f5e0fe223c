"""Where are answers kept? In this process, the latest of them, and in Redis, by key.

What is kept is never wrong, only unneeded: its key names the state of the data that it was made of.
While Redis is away or off each process has its own alone.

At hand there are two rooms. What was asked for once waits in the first; what is asked for again
moves to the second, so that somebody who leafs through all pages once does not push out what others
look at all day (a segmented LRU: Karedla, Love and Wherry 1994).
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
ASKED_ONCE_BYTES, ASKED_AGAIN_BYTES = 16_000_000, 32_000_000
# How long a failed Redis is left alone: its timeout would slow down every request.
LEFT_ALONE_SECONDS = 5.0
_LOG = get_logger("serving")


@dataclass
class Room:
    """Answers up to so many bytes; the one that was not asked for longest leaves first."""

    room_bytes: int
    held_bytes: int = 0
    answers: OrderedDict[str, bytes] = field(default_factory=OrderedDict)

    def take(self, key: str) -> bytes | None:
        """Remove and return an answer."""
        body = self.answers.pop(key, None)
        self.held_bytes -= len(body or b"")
        return body

    def put(self, key: str, body: bytes) -> list[tuple[str, bytes]]:
        """Hold an answer; return those that must leave for it, the oldest first."""
        self.take(key)
        self.answers[key] = body
        self.held_bytes += len(body)
        leaving = []
        while self.held_bytes > self.room_bytes:
            leaving.append(self.answers.popitem(last=False))
            self.held_bytes -= len(leaving[-1][1])
        return leaving


@dataclass
class AnswerCache:
    """Answers by key."""

    client: redis.Redis | None
    on_loop: redis.asyncio.Redis | None = None
    _once: Room = field(default_factory=lambda: Room(ASKED_ONCE_BYTES))
    _again: Room = field(default_factory=lambda: Room(ASKED_AGAIN_BYTES))
    _retry_at: float = field(default=0.0)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _storing: set[asyncio.Task[None]] = field(default_factory=set)

    def at_hand(self, key: str) -> bytes | None:
        """Return the answer if this process has it."""
        with self._lock:
            body = self._again.take(key) or self._once.take(key)
            if body is not None:
                for unasked in self._again.put(key, body):
                    self._once.put(*unasked)
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
            room = self._again if key in self._again.answers else self._once
            room.put(key, body)

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
