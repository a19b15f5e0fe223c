"""What does GoCardless allow? Four good answers a day per account and scope, and so many a minute.

Days are the sandbox's and outlive a restart; minutes and hours are real.
"""

from __future__ import annotations

import time
from collections import deque

from sandbox.clock import Clock
from sandbox.shelf import Shelf

DAY = 86_400
SUCCESSES_PER_DAY = 4


class Windows:
    """At most so many requests in any so many real seconds, per name."""

    def __init__(self, allowed: int, seconds: float) -> None:
        """Allow `allowed` in `seconds`."""
        self.allowed, self.seconds = allowed, seconds
        self._seen: dict[str, deque[float]] = {}

    def take(self, name: str) -> tuple[int, int]:
        """Count one more: how many are left (-1: it was one too many), and seconds to the next."""
        now = time.monotonic()
        seen = self._seen.setdefault(name, deque())
        while seen and seen[0] <= now - self.seconds:
            seen.popleft()
        reset = max(1, round((seen[0] if seen else now) + self.seconds - now))
        if len(seen) >= self.allowed:
            return -1, reset
        seen.append(now)
        return self.allowed - len(seen), reset


class Allowance:
    """The day's successes of each account and scope."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        """Count on a shelf, by the sandbox's clock."""
        self.shelf, self.clock = shelf, clock

    def left(self, account: str, scope: str) -> tuple[int, int]:
        """How many are left, and in how many seconds the oldest one is free again."""
        taken = self._taken(account, scope)
        oldest = taken[0] if taken else self.clock.now()
        return SUCCESSES_PER_DAY - len(taken), max(1, oldest + DAY - self.clock.now())

    def take(self, account: str, scope: str) -> tuple[int, int]:
        """Count one success; returns what is left after it."""
        taken = [*self._taken(account, scope), self.clock.now()]
        self.shelf.put("successes", f"{account}/{scope}", {"at": taken})
        return self.left(account, scope)

    def use_up(self, account: str, scope: str) -> None:
        """Leave nothing of today's, as another application of the same user may."""
        self.shelf.put(
            "successes", f"{account}/{scope}", {"at": [self.clock.now()] * SUCCESSES_PER_DAY}
        )

    def _taken(self, account: str, scope: str) -> list[int]:
        found = self.shelf.get("successes", f"{account}/{scope}") or {"at": []}
        return [at for at in found["at"] if at > self.clock.now() - DAY]
