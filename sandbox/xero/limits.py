"""How much may an organisation still be asked? The limits of a minute, a day, and at once."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass

from sandbox.clock import Clock

PER_MINUTE, PER_DAY, AT_ONCE, APPLICATION_PER_MINUTE = 60, 5_000, 5, 10_000
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the headers say, and which limit is reached."""

    headers: dict[str, str]
    problem: str = ""
    retry_after: int = 0


class Limits:
    """Counts per tenant; minutes are real, days are the sandbox's."""

    def __init__(self, clock: Clock) -> None:
        """Begin at zero."""
        self.clock = clock
        self.minutes: dict[str, deque[float]] = defaultdict(deque)
        self.days: dict[str, deque[int]] = defaultdict(deque)
        self.application: deque[float] = deque()
        # A tenant's day, shortened by a fault.
        self.per_day: dict[str, int] = {}

    def count(self, tenant: str, under_way: int) -> Verdict:
        """Count one request, unless a limit is reached."""
        now, at = time.monotonic(), self.clock.now()
        minute, day = self.minutes[tenant], self.days[tenant]
        for window in (minute, self.application):
            while window and window[0] <= now - 60:
                window.popleft()
        while day and day[0] <= at - DAY:
            day.popleft()
        per_day = self.per_day.get(tenant, PER_DAY)
        problem, wait = "", 0
        if len(day) >= per_day:
            problem, wait = "day", (day[0] + DAY - at) if day else DAY
        elif len(minute) >= PER_MINUTE:
            problem, wait = "minute", int(minute[0] + 60 - now) + 1
        elif len(self.application) >= APPLICATION_PER_MINUTE:
            problem, wait = "appminute", int(self.application[0] + 60 - now) + 1
        elif under_way > AT_ONCE:
            problem, wait = "concurrent", 1
        else:
            minute.append(now)
            day.append(at)
            self.application.append(now)
        headers = {
            "x-daylimit-remaining": str(max(per_day - len(day), 0)),
            "x-minlimit-remaining": str(PER_MINUTE - len(minute)),
            "x-appminlimit-remaining": str(APPLICATION_PER_MINUTE - len(self.application)),
        }
        if problem:
            headers |= {"retry-after": str(wait), "x-rate-limit-problem": problem}
        return Verdict(headers, problem, wait)
