"""How long does a step wait, and until when? Durations and moments of the customer's own day.

`ends_at` is computed once, when the wait begins, and kept in UTC: a restart or a changed clock of
the machine does not move it. Local times follow the zone's own rules, daylight saving included.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Duration(_Frozen):
    """A length of time."""

    kind: Literal["duration"] = "duration"
    days: Annotated[int, Field(ge=0, le=365)] = 0
    hours: Annotated[int, Field(ge=0, le=23)] = 0
    minutes: Annotated[int, Field(ge=0, le=59)] = 0

    @property
    def length(self) -> timedelta:
        """It, as one number."""
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes)


class LocalTime(_Frozen):
    """The next time that the customer's clock shows this hour, on one of these days."""

    kind: Literal["local_time"] = "local_time"
    hour: Annotated[int, Field(ge=0, le=23)]
    minute: Annotated[int, Field(ge=0, le=59)] = 0
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEKDAYS
    after: Duration = Duration()


class Payday(_Frozen):
    """The next day on which wages come: days of the month, moved before a weekend."""

    kind: Literal["payday"] = "payday"
    days_of_month: Annotated[
        tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(min_length=1, max_length=6)
    ] = (1, 15, 31)
    hour: Annotated[int, Field(ge=0, le=23)] = 9
    after: Duration = Duration()


Until = Annotated[Duration | LocalTime | Payday, Field(discriminator="kind")]


def ends_at(until: Duration | LocalTime | Payday, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a wait that begins now ends, in UTC; never before now."""
    if isinstance(until, Duration):
        return now + until.length
    earliest = now + until.after.length
    day = earliest.astimezone(zone).date()
    for number in range(400):
        candidate = day + timedelta(days=number)
        if not _is_wanted(until, candidate):
            continue
        clock = time(until.hour, until.minute if isinstance(until, LocalTime) else 0)
        # A time that the clock skips in spring is read as an hour later: it comes on that day.
        moment = datetime.combine(candidate, clock, zone).astimezone(UTC)
        if moment >= earliest:
            return moment
    raise AssertionError("a week has every weekday, a month every clipped day")


def least(until: Duration | LocalTime | Payday) -> timedelta:
    """Return the shortest that such a wait can be."""
    return until.length if isinstance(until, Duration) else until.after.length


def _is_wanted(until: LocalTime | Payday, day: date) -> bool:
    if isinstance(until, LocalTime):
        return WEEKDAYS[day.weekday()] in until.weekdays
    return any(paid_on(day.year, day.month, number) == day for number in until.days_of_month)


@lru_cache(maxsize=4_096)
def paid_on(year: int, month: int, day_of_month: int) -> date:
    """Return the day that wages due on this day of a month come: clipped to it, before weekends.

    Where that leads into the month before (the 1st on a Sunday), it is the first Monday instead.
    """
    day = date(year, month, min(day_of_month, monthrange(year, month)[1]))
    before = day - timedelta(days=max(0, day.weekday() - 4))
    return before if before.month == month else day + timedelta(days=7 - day.weekday())
