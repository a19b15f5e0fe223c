"""When does a request count? Towards limits when it is asked, towards a quota when work is done.

A quota bounds what is expensive: a request that is refused, fails, or repeats another under its
Idempotency-Key does none of it and costs none of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import Request

from core.database import Rows
from core.tenancy import TenantId
from serving.exchange import Exchange
from serving.rate_limits import RateLimitedError, RateLimiter, RouteClass, Window
from serving.usage.book import UsageBook
from serving.usage.quotas import quota_window


@dataclass(frozen=True, slots=True)
class Counting:
    """The counters of one request."""

    request: Request
    tenant: TenantId
    caller_id: str
    route_class: RouteClass

    def count(self, *limits: Window) -> None:
        """Count the request towards limits.

        Raises:
            RateLimitedError: One of them is used up.
        """
        limiter: RateLimiter = self.request.state.limiter
        usage: UsageBook = self.request.state.usage
        exchange: Exchange = self.request.state.exchange
        is_first = "RateLimit-Policy" not in exchange.headers
        try:
            limiter.admit(exchange, limits)
        except RateLimitedError:
            usage.count(
                self.tenant, self.caller_id, self.route_class, is_new=is_first, is_limited=True
            )
            raise
        if is_first:
            usage.count(self.tenant, self.caller_id, self.route_class)

    def quota(self, rows: Rows) -> Window:
        """Return the quota of this request's class."""
        return quota_window(rows, self.tenant, self.route_class)

    @contextmanager
    def work(self, quota: Window) -> Iterator[None]:
        """Count what is done inside, if it succeeds.

        Raises:
            QuotaExceededError: Nothing is left: before the work, or since others were faster.
        """
        limiter: RateLimiter = self.request.state.limiter
        is_full = limiter.left(quota) == 0
        if is_full:
            self.count(quota)  # refuses, or has what was given back just now
        yield
        if not is_full:
            self.count(quota)
