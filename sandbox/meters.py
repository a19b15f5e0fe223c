"""How often was each provider asked, by whom, and how densely? Proof that limits are kept.

Seconds, minutes and simultaneous requests are real; days are the sandbox's, whose clock tests move.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

MINUTE, DAY = 60.0, 86_400


@dataclass(slots=True)
class Meter:
    """The requests of one credential at one path."""

    total: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    peak_second: int = 0
    peak_minute: int = 0
    peak_day: int = 0
    _minute: deque[float] = field(default_factory=deque)
    _day: deque[int] = field(default_factory=deque)

    def saw(self, real: float, at: int, status: int) -> None:
        """Count one request answered at a real and at a sandbox time."""
        self.total += 1
        self.by_status[status] += 1
        self._minute.append(real)
        while self._minute[0] <= real - MINUTE:
            self._minute.popleft()
        self.peak_minute = max(self.peak_minute, len(self._minute))
        second = 0
        for moment in reversed(self._minute):
            if moment <= real - 1.0:
                break
            second += 1
        self.peak_second = max(self.peak_second, second)
        if 200 <= status < 300:
            self._day.append(at)
            while self._day[0] <= at - DAY:
                self._day.popleft()
            self.peak_day = max(self.peak_day, len(self._day))

    def report(self) -> dict[str, Any]:
        """The counters as JSON; the day counts successes alone."""
        return {
            "total": self.total,
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
            "peak_per_second": self.peak_second,
            "peak_per_minute": self.peak_minute,
            "peak_successes_per_day": self.peak_day,
        }


class Meters:
    """Every provider's requests since the last reset."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.under_way: Counter[tuple[str, str]] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen; requests under way stay so."""
        self.by_credential: dict[tuple[str, str, str], Meter] = {}
        self.whole: dict[tuple[str, str], Meter] = {}
        self.peak_under_way: Counter[tuple[str, str]] = Counter(self.under_way)

    def enter(self, provider: str, credential: str) -> None:
        """A request came in."""
        key = (provider, credential)
        self.under_way[key] += 1
        self.peak_under_way[key] = max(self.peak_under_way[key], self.under_way[key])

    def leave(self, provider: str, credential: str, path: str, status: int, at: int) -> None:
        """It was answered (0: it was not); an empty path is counted as a whole alone."""
        self.under_way[provider, credential] -= 1
        real = time.monotonic()
        if path:
            meter = self.by_credential.setdefault((provider, credential, path), Meter())
            meter.saw(real, at, status)
        self.whole.setdefault((provider, credential), Meter()).saw(real, at, status)

    def report(self) -> dict[str, Any]:
        """The counters by provider and credential."""
        found: dict[str, Any] = {}
        paths: dict[tuple[str, str], dict[str, Any]] = {}
        for (provider, credential, path), part in sorted(self.by_credential.items()):
            paths.setdefault((provider, credential), {})[path] = part.report()
        for (provider, credential), meter in sorted(self.whole.items()):
            known = found.setdefault(provider, {"total": 0, "by_credential": {}})
            known["total"] += meter.total
            known["by_credential"][credential] = {
                **meter.report(),
                "peak_under_way": self.peak_under_way[provider, credential],
                "by_path": paths.get((provider, credential), {}),
            }
        return found
