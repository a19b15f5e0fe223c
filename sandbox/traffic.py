"""How many requests came, where, and how fast?

Counters that tests read, and the limiter that they test.
"""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from typing import Any

_IDENTITY = re.compile(r"/(?=[^/]*[0-9])[A-Za-z]{2,}_[A-Za-z0-9_]+")


class Traffic:
    """Requests seen since the last reset."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.by_second: Counter[int] = Counter()
        self.peak = 0

    def saw(self, method: str, path: str, status: int) -> None:
        """Count one answered request; ids in its path are left out."""
        self.by_path[f"{method} {_IDENTITY.sub('/{id}', path)}"] += 1
        self.by_status[status] += 1
        second = int(time.monotonic())
        self.by_second[second] += 1
        self.peak = max(self.peak, self.by_second[second])
        if len(self.by_second) > 120:
            self.by_second = Counter(
                {key: count for key, count in self.by_second.items() if key > second - 60}
            )

    def report(self) -> dict[str, Any]:
        """The counters as JSON."""
        return {
            "total": sum(self.by_path.values()),
            "by_path": dict(sorted(self.by_path.items())),
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "peak_per_second": self.peak,
        }


class Limiter:
    """At most so many requests in any one second, per key; None is no limit."""

    def __init__(self, per_second: int | None) -> None:
        """Allow `per_second`."""
        self.per_second = per_second
        self.seen: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        """Whether one more request of `key` is within the limit; counts it if so."""
        if self.per_second is None:
            return True
        now = time.monotonic()
        window = self.seen.setdefault(key, deque())
        while window and window[0] <= now - 1.0:
            window.popleft()
        if len(window) >= self.per_second:
            return False
        window.append(now)
        return True
