"""Where are answers kept? In Redis, by key; nowhere while Redis is away or off."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from core.logs import get_logger

KEPT_SECONDS = 600
LARGEST_BYTES = 1_000_000
# How long a failed Redis is left alone: its timeout would slow down every request.
LEFT_ALONE_SECONDS = 5.0
_LOG = get_logger("serving")


@dataclass
class AnswerCache:
    """Answers by key in Redis; forgets everything while Redis is away or off."""

    client: redis.Redis | None
    _retry_at: float = field(default=0.0)

    def get(self, key: str) -> bytes | None:
        """Return the kept answer, if there is one."""
        found = self._try(lambda client: client.get(key))
        return found if isinstance(found, bytes) else None

    def keep(self, key: str, body: bytes) -> None:
        """Keep an answer for a while."""
        if len(body) <= LARGEST_BYTES:
            self._try(lambda client: client.set(key, body, ex=KEPT_SECONDS))

    def _try(self, act: Callable[[redis.Redis], object]) -> object:
        if self.client is None or time.monotonic() < self._retry_at:
            return None
        try:
            return act(self.client)
        except redis.RedisError as error:
            self._retry_at = time.monotonic() + LEFT_ALONE_SECONDS
            _LOG.warning("cache_off", reason=str(error))
            return None
