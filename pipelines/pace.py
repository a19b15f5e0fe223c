"""How fast may all connections of one application be asked? So many calls in any one minute.

A provider's limit for an application is shared by every connection of a run, whichever chunk it is
read in; it is kept by waiting, and costs nothing below it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable

MINUTE = 60.0


class Pace:
    """Lets so many calls pass in any so many seconds. Belongs to no event loop."""

    def __init__(self, calls: int, seconds: float = MINUTE) -> None:
        self.calls = calls
        self.seconds = seconds
        self._passed: deque[float] = deque()

    async def turn(self) -> None:
        """Wait until one more call may leave."""
        while True:
            now = time.monotonic()
            while self._passed and self._passed[0] <= now - self.seconds:
                self._passed.popleft()
            if len(self._passed) < self.calls:
                self._passed.append(now)
                return
            await asyncio.sleep(self._passed[0] + self.seconds - now)


_PACES: dict[Hashable, Pace] = {}


def shared_pace(name: Hashable, per_minute: int) -> Pace:
    """Return this process's pace of an application and group of calls."""
    return _PACES.setdefault((name, per_minute), Pace(per_minute))
