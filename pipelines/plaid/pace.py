"""How often may Plaid be asked? So many times a minute per endpoint: for one Item, and for all.

Plaid publishes these limits and sends no headers about them, so requests are counted here: a
request leaves when its endpoint has room in the minute before it. One `Pace` is shared by all
connections of a run.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Mapping

# Requests per minute in production, for one Item and for the whole application.
PER_MINUTE: Mapping[str, tuple[int, int]] = {
    "/accounts/get": (15, 15_000),
    "/transactions/sync": (50, 2_500),
    "/investments/holdings/get": (15, 2_000),
    "/investments/transactions/get": (30, 20_000),
    "/liabilities/get": (15, 1_000),
}
# Answers take their time: what left within a minute may arrive within less.
_HEADROOM_PERCENT = 90


class Pace:
    """Holds requests back until their endpoint has room."""

    def __init__(
        self, per_minute: Mapping[str, tuple[int, int]] = PER_MINUTE, *, seconds: float = 60.0
    ) -> None:
        self._per_minute = per_minute
        self._seconds = seconds
        self._left: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    async def turn(self, path: str, item: str) -> None:
        """Wait until one more request to `path` for `item` may leave, and count it."""
        for_item, for_all = self._per_minute[path]
        windows = (
            (self._left[path, item], max(1, for_item * _HEADROOM_PERCENT // 100)),
            (self._left[path, ""], max(1, for_all * _HEADROOM_PERCENT // 100)),
        )
        while True:
            now = time.monotonic()
            wait = max(self._wait(times, most, now) for times, most in windows)
            if wait <= 0:
                break
            await asyncio.sleep(wait)
        for times, _ in windows:
            times.append(now)

    def _wait(self, times: deque[float], most: int, now: float) -> float:
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return times[0] + self._seconds - now if len(times) >= most else 0.0
