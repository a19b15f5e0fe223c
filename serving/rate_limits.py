"""How often may somebody ask? Moving windows per workspace, and per caller and route class.

Windows are kept in Redis, so all workers count together. Without Redis each worker counts alone, in
memory, and says so in `X-Degraded`; requests go on. A refused request costs the workspace nothing.

While more than half of every window was left when it was last looked at, requests are let in at
once and counted in Redis half a second later, those of all callers in one go: nobody waits for it.
No more than a hundredth of a limit is let in so by one worker, so that a limit which other workers
use up meanwhile is exceeded by that at most; near a limit, and where it is small, each request is
counted before it goes on.
"""

import math
import threading
import time
from collections.abc import Mapping
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
# How many requests may be let in before they are counted (a share of the limit), and for how long.
BEHIND_SHARE, COUNTED_SECONDS = 100, 0.5
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
class Seen:
    """A window as it was when it was last looked at, and what came since."""

    seen_at: float
    remaining: int
    resets_at: float
    uncounted: int = 0

    def has_room(self, window: Window) -> bool:
        """Say whether one more may be let in before it is counted."""
        return (
            self.uncounted < window.limit // BEHIND_SHARE
            and self.remaining - self.uncounted > window.limit // 2
            and time.monotonic() - self.seen_at < window.seconds
        )


@dataclass
class RateLimiter:
    """Counts requests in Redis, or in memory while Redis is away."""

    cache: redis.Redis | None
    _memory: MovingWindowRateLimiter = field(init=False)
    _storage: RedisStorage | None = field(init=False, default=None)
    _shared: MovingWindowRateLimiter | None = field(init=False, default=None)
    _retry_at: float = field(init=False, default=0.0)
    _seen: dict[Window, Seen] = field(init=False, default_factory=dict)
    _behind: set[Window] = field(init=False, default_factory=set)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _stop: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._memory = MovingWindowRateLimiter(MemoryStorage())
        if self.cache is not None:
            self._storage = RedisStorage(
                "redis://",
                connection_pool=self.cache.connection_pool,
                key_prefix="rate",
                wrap_exceptions=True,
            )
            self._shared = MovingWindowRateLimiter(self._storage)

    def start(self) -> None:
        """Begin to count behind, in a thread; until then each request is counted before."""
        if self.cache is not None:
            self._thread = threading.Thread(target=self._run, name="limits", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Count what is left, and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

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
                full = next((w for w in asked if not self._count(self._shared, w)), None)
                seen = self._look((full,) if full else asked)
            except (StorageError, redis.RedisError) as error:
                self._degrade(error)
            else:
                _tell(exchange, asked, full, (seen.remaining, _seconds(seen.resets_at)))
                return
        exchange.headers[DEGRADED_HEADER] = "rate limits are counted per process"
        full = next((w for w in asked if not self._memory.hit(w.item, w.policy, w.owner)), None)
        _tell(exchange, asked, full, _left(self._memory, full or asked[0]))

    def admit_at_once(self, exchange: Exchange, asked: tuple[Window, ...]) -> bool:
        """Admit the request if it may be counted later in every window; else say no."""
        if self._thread is None or time.monotonic() < self._retry_at:
            return False
        with self._lock:
            found = [self._seen.get(window) for window in asked]
            seen = [one for one, w in zip(found, asked, strict=True) if one and one.has_room(w)]
            if len(seen) < len(asked):
                return False
            for one in seen:
                one.uncounted += 1
            self._behind.update(asked)
        narrowest = seen[0]
        left = narrowest.remaining - narrowest.uncounted, _seconds(narrowest.resets_at)
        _tell(exchange, asked, None, left)
        return True

    def _count(self, limiter: MovingWindowRateLimiter, window: Window) -> bool:
        """Count a request, and those that were let in before it; say whether there was room."""
        behind = self._taken(window)
        if limiter.hit(window.item, window.policy, window.owner, cost=1 + behind):
            return True
        if behind:
            limiter.hit(window.item, window.policy, window.owner, cost=behind)
        return False

    def _taken(self, window: Window) -> int:
        """Take what is to be counted of a window."""
        with self._lock:
            self._behind.discard(window)
            seen = self._seen.get(window)
            if seen is None:
                return 0
            taken, seen.uncounted = seen.uncounted, 0
            seen.remaining -= taken
            return taken

    def _run(self) -> None:
        while not self._stop.wait(COUNTED_SECONDS):
            self._catch_up()
        self._catch_up()

    def _catch_up(self) -> None:
        with self._lock:
            behind = tuple(self._behind)
        if not behind:
            return
        try:
            self._look(behind, {window: self._taken(window) for window in behind})
        except (StorageError, redis.RedisError) as error:
            self._degrade(error)

    def _look(self, asked: tuple[Window, ...], counted: Mapping[Window, int] | None = None) -> Seen:
        """Count what was let in, read windows as they are, in one go; return the first."""
        assert self.cache is not None
        assert self._storage is not None
        now = time.time()
        pipeline = self.cache.pipeline(transaction=False)
        for window in asked:
            item = window.item
            key = [self._storage.prefixed_key(item.key_for(window.policy, window.owner))]
            if taken := (counted or {}).get(window):
                entry = [now, window.limit, window.seconds, taken]
                self._storage.lua_acquire_moving_window(key, entry, client=pipeline)
            since = [now - window.seconds, window.limit]
            self._storage.lua_moving_window(key, since, client=pipeline)
        found = iter(pipeline.execute())
        with self._lock:
            if len(self._seen) >= REMEMBERED_WINDOWS:
                self._seen = {w: seen for w, seen in self._seen.items() if seen.uncounted}
            for window in asked:
                if (counted or {}).get(window):
                    next(found)
                one = next(found)
                oldest, count = (float(one[0]), int(one[1])) if one else (now, 0)
                before = self._seen.get(window)
                self._seen[window] = Seen(
                    time.monotonic(), max(0, window.limit - count), oldest + window.seconds,
                    0 if before is None else before.uncounted,
                )  # fmt: skip
            return self._seen[asked[0]]

    def _degrade(self, error: StorageError | redis.RedisError) -> None:
        self._retry_at = time.monotonic() + LEFT_ALONE_SECONDS
        reason = error.storage_error if isinstance(error, StorageError) else error
        _LOG.warning("rate_limits_degraded", reason=str(reason))


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
