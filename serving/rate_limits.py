"""How often may somebody ask? Moving windows per workspace, and per caller and route class.

Windows are kept in Redis, so all workers count together. Without Redis each worker counts alone, in
memory, and says so in `X-Degraded`; requests go on. A refused request costs the workspace nothing.

Whoever asks several times a second is counted some requests ahead, no more than a hundredth of the
limit: Redis is asked once for all of them. What of it is not used within two seconds is lost.
"""

import math
import threading
import time
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import redis
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import OppulenceError
from core.logs import get_logger
from serving.exchange import Exchange

RouteClass = Literal["read", "write", "sync", "export", "webhook"]

DEFAULT_PER_MINUTE = 3_000
DAY_SECONDS = 86_400
# Which classes of routes are counted towards which quota of the workspace, over 24 hours.
QUOTAS: dict[RouteClass, str] = {"sync": "syncs_per_day", "export": "exports_per_day"}
# The share of its workspace's limit that one key may use up, per class of routes.
SHARES: dict[RouteClass, float] = {"read": 0.5, "write": 0.05, "sync": 0.01, "export": 0.01}
# Webhooks have a limit of their own: a provider's busy hour must not close the API, nor be refused.
WEBHOOKS_PER_MINUTE = 60_000
# How long a failed Redis is left alone: its timeout would slow down every request.
LEFT_ALONE_SECONDS = 5.0
# How far ahead requests are counted: those of a second, kept for two, at most a share of the limit.
AHEAD_SECONDS, AHEAD_KEPT_SECONDS, AHEAD_SHARE = 1.0, 2.0, 100
REMEMBERED_WINDOWS = 20_000
DEGRADED_HEADER = "X-Degraded"
_LOG = get_logger("serving")


class RateLimitedError(OppulenceError):
    """Too many requests in too short a time."""

    code = "rate_limited"
    title = "Too many requests"
    status = 429

    def __init__(self, policy: str, seconds: int) -> None:
        super().__init__(
            f"The limit of {policy} is used up.",
            next_step=f"Wait {seconds} s (Retry-After), then go on more slowly.",
        )
        self.headers = {"Retry-After": str(seconds)}


class QuotaExceededError(RateLimitedError):
    """All the expensive work of this kind that may be asked for in 24 hours was asked for."""

    code = "quota_exceeded"
    title = "The quota is used up"

    def __init__(self, policy: str, seconds: int) -> None:
        super().__init__(policy, seconds)
        self.detail = f"The workspace's quota {policy} is used up."
        self.next_step = f"Wait {seconds} s (Retry-After), or have the operator raise it."
        self.quota = policy


class Window(NamedTuple):
    """One limit: its name in headers, whose it is, and how many requests it takes in a time."""

    policy: str
    owner: str
    limit: int
    seconds: int = 60

    @property
    def item(self) -> RateLimitItem:
        """The limit as the library counts it."""
        return RateLimitItemPerSecond(self.limit, self.seconds)

    def refusal(self, seconds: int) -> "RateLimitedError":
        """Return what is raised when the window is full, with the time to wait."""
        kind = QuotaExceededError if self.policy in QUOTAS.values() else RateLimitedError
        return kind(self.policy, seconds)


def windows(
    workspace_id: str, key_id: str, route_class: RouteClass, workspace_limit: int | None
) -> tuple[Window, ...]:
    """Return the limits that a request must keep, the narrowest first."""
    if route_class == "webhook":
        return (Window("webhooks", workspace_id, WEBHOOKS_PER_MINUTE),)
    total = workspace_limit or DEFAULT_PER_MINUTE
    of_key = max(1, int(total * SHARES[route_class]))
    return (
        Window(f"key-{route_class}", f"{workspace_id}|{key_id}", of_key),
        Window("workspace", workspace_id, total),
    )


@dataclass(slots=True)
class Ahead:
    """Requests of a window that were counted before they came."""

    taken_at: float
    size: int
    left: int
    remaining: int
    resets_at: float


@dataclass
class RateLimiter:
    """Counts requests in Redis, or in memory while Redis is away."""

    cache: redis.Redis | None
    _memory: MovingWindowRateLimiter = field(init=False)
    _shared: MovingWindowRateLimiter | None = field(init=False, default=None)
    _retry_at: float = field(init=False, default=0.0)
    _ahead: dict[Window, Ahead] = field(init=False, default_factory=dict)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

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

    def left(self, window: Window) -> int:
        """Return how much is left of a window, as far as this process can tell."""
        if self._shared is not None and time.monotonic() >= self._retry_at:
            try:
                return _left(self._shared, window)[0]
            except StorageError as error:
                self._degrade(error)
        return _left(self._memory, window)[0]

    def admit(self, exchange: Exchange, asked: tuple[Window, ...]) -> None:
        """Count the request, tell its limits in headers beside those told before, or refuse it.

        Raises:
            RateLimitedError: A window is full.
        """
        if self.admit_at_once(exchange, asked):
            return
        if self._shared is not None and time.monotonic() >= self._retry_at:
            try:
                full = next(
                    (w for w in asked if not self._count(self._shared, w, w is asked[0])), None
                )
                ahead = self._ahead.get(asked[0])
                if full or ahead is None:
                    left = _left(self._shared, full or asked[0])
                else:
                    left = ahead.remaining + ahead.left, _seconds(ahead.resets_at)
            except StorageError as error:
                self._degrade(error)
            else:
                _tell(exchange, asked, full, left)
                return
        exchange.headers[DEGRADED_HEADER] = "rate limits are counted per process"
        full = next((w for w in asked if not self._memory.hit(w.item, w.policy, w.owner)), None)
        _tell(exchange, asked, full, _left(self._memory, full or asked[0]))

    def admit_at_once(self, exchange: Exchange, asked: tuple[Window, ...]) -> bool:
        """Admit the request if it was counted ahead in every window, asking nobody; else say no."""
        oldest = time.monotonic() - AHEAD_KEPT_SECONDS
        with self._lock:
            found = [self._ahead.get(window) for window in asked]
            ahead = [one for one in found if one and one.left > 0 and one.taken_at > oldest]
            if len(ahead) < len(asked):
                return False
            for one in ahead:
                one.left -= 1
        narrowest = ahead[0]
        left = narrowest.remaining + narrowest.left, _seconds(narrowest.resets_at)
        _tell(exchange, asked, None, left)
        return True

    def _count(self, limiter: MovingWindowRateLimiter, window: Window, is_told: bool) -> bool:
        """Count a request, and as many after it as the last second's lead to expect."""
        now = time.monotonic()
        with self._lock:
            before = self._ahead.get(window)
            if before and before.left > 0 and now - before.taken_at < AHEAD_KEPT_SECONDS:
                before.left -= 1
                return True
        size = 1
        if before is not None:
            used = before.size - before.left
            expected = used * AHEAD_SECONDS / max(now - before.taken_at, 0.01)
            size = max(1, min(window.limit // AHEAD_SHARE, int(expected)))
        hit = limiter.hit(window.item, window.policy, window.owner, cost=size)
        if not hit and size > 1:
            size, hit = 1, limiter.hit(window.item, window.policy, window.owner)
        if hit:
            remaining, seconds = _left(limiter, window) if is_told else (0, 0)
            with self._lock:
                if len(self._ahead) >= REMEMBERED_WINDOWS:
                    self._ahead.clear()
                self._ahead[window] = Ahead(now, size, size - 1, remaining, time.time() + seconds)
        return hit

    def _degrade(self, error: StorageError) -> None:
        self._retry_at = time.monotonic() + LEFT_ALONE_SECONDS
        _LOG.warning("rate_limits_degraded", reason=str(error.storage_error))


def _tell(
    exchange: Exchange, asked: tuple[Window, ...], full: Window | None, left: tuple[int, int]
) -> None:
    """Tell the limits in headers; refuse the request if one of them is used up."""
    remaining, seconds = left
    before = exchange.headers.get("RateLimit-Policy")
    policies = [f'"{window.policy}";q={window.limit};w={window.seconds}' for window in asked]
    exchange.headers["RateLimit-Policy"] = ", ".join([*filter(None, [before]), *policies])
    if full:
        exchange.headers["RateLimit"] = f'"{full.policy}";r=0;t={seconds}'
        raise full.refusal(seconds)
    if before is None:
        exchange.headers["RateLimit"] = f'"{asked[0].policy}";r={remaining};t={seconds}'


def _left(limiter: MovingWindowRateLimiter, window: Window) -> tuple[int, int]:
    """Return how much is left of a window, and in how many seconds some of it returns."""
    stats = limiter.get_window_stats(window.item, window.policy, window.owner)
    return max(0, stats.remaining), _seconds(stats.reset_time)


def _seconds(until: float) -> int:
    return max(1, math.ceil(until - time.time()))
