"""How is a provider's published limit kept, however late requests arrive and answers come?

A provider counts a request at some moment between its leaving and its answer; which, nobody here
knows. Counting departures alone is not enough: requests that left evenly arrive together when the
network or either side stands still for a moment. So whatever is under way counts, and whatever was
answered within the span; a request leaves when the limit has room for it beside all of these, and
then no span of the provider's own, wherever it begins, can hold more.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

# How soon room is looked for again while nothing but answers that are awaited can make it.
_LOOK_AGAIN_SECONDS = 0.01


class Ceiling:
    """At most so many requests in any so many seconds, for each of several limits.

    Belongs to no event loop and no thread: the next chunk, the next run and an audit of the same
    process go on counting what the last ones asked.
    """

    def __init__(
        self, *limits: tuple[int, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._under_way = 0
        self._answered: deque[float] = deque()
        self._one_at_a_time = threading.Lock()

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Wait for room, and count one request from its leaving to its answer and beyond."""
        while (wait := self._entered()) > 0:
            await asyncio.sleep(wait)
        try:
            yield
        finally:
            with self._one_at_a_time:
                self._under_way -= 1
                self._answered.append(self._clock())

    def _entered(self) -> float:
        """Count a request if there is room; return what `wait` does."""
        with self._one_at_a_time:
            wait = self.wait()
            if wait <= 0:
                self._under_way += 1
            return wait

    def wait(self) -> float:
        """Return after how many seconds there may be room; 0 if there is."""
        now = self._clock()
        longest = max((seconds for _, seconds in self.limits), default=0.0)
        while self._answered and self._answered[0] <= now - longest:
            self._answered.popleft()
        return max((self._wait(now, most, seconds) for most, seconds in self.limits), default=0.0)

    def _wait(self, now: float, most: int, seconds: float) -> float:
        room = most - self._under_way
        if room <= 0:
            return _LOOK_AGAIN_SECONDS
        if len(self._answered) < room:
            return 0.0
        # Of the newest answers one more than there is room for: the oldest of these has to pass.
        return max(0.0, self._answered[-room] + seconds - now)
