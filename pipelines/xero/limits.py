"""When may an organisation be asked again? Planned from what was asked and what Xero says is left.

Per tenant and application 60 requests in any minute, 5,000 in any 24 hours, 5 at once; 10,000 a
minute for the application over all tenants. Answers say what is left of each. Requests are counted
here before they leave, so that no limit is found out by running into it; what others with the same
application have spent shows in the headers and is counted as well.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import timedelta

from core.clock import epoch_microseconds, utc_now
from pipelines.failures import LimitReachedError
from pipelines.reading import Memory

MINUTE = 60.0
PER_MINUTE = 55  # of 60: what leaves in one minute may be answered, and counted, in the next
APPLICATION_PER_MINUTE = 9_500
AT_ONCE = 5
DAY_RESERVE = 50  # what is left of a day for its users' own actions
_ASKED_AGAIN_AFTER = 3_600


class Budget:
    """At most so many requests in any minute; waits when they are spent."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._spent: deque[float] = deque()

    async def spend(self, now: "Clock") -> None:
        """Wait until one more request may leave, and count it."""
        while True:
            moment = now()
            while self._spent and self._spent[0] <= moment - MINUTE:
                self._spent.popleft()
            if len(self._spent) < self.per_minute:
                self._spent.append(moment)
                return
            await asyncio.sleep(self._spent[0] + MINUTE - moment + 0.01)

    def learn(self, left: int, now: "Clock") -> None:
        """Take note that Xero allows only `left` more in this minute: others have spent as well."""
        moment = now()
        while len(self._spent) < self.per_minute - left:
            self._spent.append(moment)

    def restore(self, moments: list[float]) -> None:
        """Count what an earlier run has spent."""
        self._spent.extend(sorted(moments))

    def spent(self) -> list[float]:
        """Return when the requests of the last minute left, in seconds since the epoch."""
        return list(self._spent)


class Clock:
    """Seconds since the epoch: a later run, in another process, must be able to go on counting."""

    def __call__(self) -> float:
        """Return the present moment."""
        return epoch_microseconds(utc_now()) / 1_000_000


CLOCK = Clock()


class Allowance:
    """What one tenant may still be asked, kept in its connection's memory between runs."""

    def __init__(self, memory: Memory, application: Budget) -> None:
        self.minute = Budget(PER_MINUTE)
        self.application = application
        self._memory = memory
        self.minute.restore([float(moment) for moment in memory.pop("spent", [])])

    async def spend(self) -> None:
        """Wait for the minute's turn.

        Raises:
            LimitReachedError: The day's requests are spent.
        """
        day = self._memory.get("day")
        if day and day["left"] <= DAY_RESERVE and CLOCK() - day["at"] < _ASKED_AGAIN_AFTER:
            again_at = utc_now() + timedelta(seconds=day["at"] + _ASKED_AGAIN_AFTER - CLOCK())
            raise LimitReachedError(
                f"Xero's limit for a day is nearly spent: {day['left']} requests are left.",
                again_at=again_at,
            )
        await self.minute.spend(CLOCK)
        await self.application.spend(CLOCK)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says is left."""
        left = {
            name: int(headers[header])
            for name, header in (
                ("minute", "x-minlimit-remaining"),
                ("day", "x-daylimit-remaining"),
                ("application", "x-appminlimit-remaining"),
            )
            if headers.get(header, "").isdigit()
        }
        if "minute" in left:
            self.minute.learn(left["minute"], CLOCK)
        if "application" in left:
            self.application.learn(left["application"], CLOCK)
        if "day" in left:
            self._memory["day"] = {"left": left["day"], "at": CLOCK()}

    def remember(self) -> None:
        """Write down what was spent, for the next run."""
        self._memory["spent"] = self.minute.spent()
