"""How often may a key ask? Moving windows of a minute, per workspace and per key and route class.

Windows are kept in Redis, so all workers count together. Without Redis each worker counts alone, in
memory, and says so in `X-Degraded`; requests go on. A refused request costs the workspace nothing.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import redis
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import OppulenceError
from core.logs import get_logger
from serving.exchange import Exchange

RouteClass = Literal["read", "write", "sync", "export"]

DEFAULT_PER_MINUTE = 3_000
# The share of its workspace's limit that one key may use up, per class of routes.
SHARES: dict[RouteClass, float] = {"read": 0.5, "write": 0.05, "sync": 0.01, "export": 0.01}
# How long a failed Redis is left alone: its timeout would slow down every request.
LEFT_ALONE_SECONDS = 5.0
DEGRADED_HEADER = "X-Degraded"
_LOG = get_logger("serving")


class RateLimitedError(OppulenceError):
    """Too many requests in the last minute."""

    code = "rate_limited"
    title = "Too many requests"
    status = 429

    def __init__(self, policy: str, seconds: int) -> None:
        super().__init__(
            f"The limit of {policy} is used up.",
            next_step=f"Wait {seconds} s (Retry-After), then go on more slowly.",
        )
        self.headers = {"Retry-After": str(seconds)}


class Window(NamedTuple):
    """One limit: its name in headers, whose it is, and how many requests it takes a minute."""

    policy: str
    owner: str
    per_minute: int


def windows(
    workspace_id: str, key_id: str, route_class: RouteClass, workspace_limit: int | None
) -> tuple[Window, Window]:
    """Return the two limits that a request must keep, the narrower first."""
    total = workspace_limit or DEFAULT_PER_MINUTE
    of_key = max(1, int(total * SHARES[route_class]))
    return (
        Window(f"key-{route_class}", f"{workspace_id}|{key_id}", of_key),
        Window("workspace", workspace_id, total),
    )


@dataclass
class RateLimiter:
    """Counts requests in Redis, or in memory while Redis is away."""

    cache: redis.Redis | None
    _memory: MovingWindowRateLimiter = field(init=False)
    _shared: MovingWindowRateLimiter | None = field(init=False, default=None)
    _retry_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        if self.cache is not None:
            storage = RedisStorage(
                "redis://",
                connection_pool=self.cache.connection_pool,
                key_prefix="rate",
                wrap_exceptions=True,
            )
            self._shared = MovingWindowRateLimiter(storage)

    def admit(self, exchange: Exchange, asked: tuple[Window, ...]) -> None:
        """Count the request, tell its limits in headers, or refuse it.

        Raises:
            RateLimitedError: A window is full.
        """
        now = time.monotonic()
        if self._shared is not None and now >= self._retry_at:
            try:
                _admit(self._shared, exchange, asked)
            except StorageError as error:
                self._retry_at = now + LEFT_ALONE_SECONDS
                _LOG.warning("rate_limits_degraded", reason=str(error.storage_error))
            else:
                return
        exchange.headers[DEGRADED_HEADER] = "rate limits are counted per process"
        _admit(self._memory, exchange, asked)


def _admit(limiter: MovingWindowRateLimiter, exchange: Exchange, asked: tuple[Window, ...]) -> None:
    exchange.headers["RateLimit-Policy"] = ", ".join(
        f'"{window.policy}";q={window.per_minute};w=60' for window in asked
    )
    full: Window | None = None
    for window in asked:
        item = RateLimitItemPerMinute(window.per_minute)
        if not limiter.hit(item, window.policy, window.owner):
            full = window
            break
    told = full or asked[0]
    stats = limiter.get_window_stats(
        RateLimitItemPerMinute(told.per_minute), told.policy, told.owner
    )
    seconds = max(1, math.ceil(stats.reset_time - time.time()))
    remaining = 0 if full else max(0, stats.remaining)
    exchange.headers["RateLimit"] = f'"{told.policy}";r={remaining};t={seconds}'
    if full:
        raise RateLimitedError(full.policy, seconds)
