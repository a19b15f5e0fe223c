"""Which rhythms are there, and how far does a payment stray from each? As rows."""

import calendar
import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Cadence:
    """A rhythm of so many days or calendar months; `stray` is the usual deviation in days."""

    name: str
    days: int
    months: int
    stray: float

    def after(self, day: date, periods: int = 1) -> date:
        """Return the day some periods later; a month's end stays a month's end.

        Examples
        --------
        >>> MONTHLY.after(date(2024, 1, 31)), MONTHLY.after(date(2023, 11, 30), 3)
        (datetime.date(2024, 2, 29), datetime.date(2024, 2, 29))
        """
        if not self.months:
            return day + timedelta(days=self.days * periods)
        month = day.month - 1 + self.months * periods
        year, month = day.year + month // 12, month % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))

    def all_after(self, ordinals: Numbers, periods: int = 1) -> Numbers:
        """Return `after` of many days at once, as ordinals."""
        if not self.months:
            later: Numbers = ordinals + self.days * periods
            return later
        days = (ordinals - EPOCH).astype("datetime64[D]")
        months = days.astype("datetime64[M]")
        due = months + self.months * periods
        last = (due + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        found = np.minimum(due.astype("datetime64[D]") + (days - months), last)
        ordinal: Numbers = found.astype(np.int64) + EPOCH
        return ordinal

    @property
    def width(self) -> float:
        """Return how many days off a payment may be and still be looked at."""
        return 4 * self.stray + 2

    @property
    def least_gap(self) -> int:
        """Return how many days at least lie between a payment and the next that is looked at."""
        return math.ceil(self.length - self.width)

    @property
    def length(self) -> float:
        """Return the mean days of one period."""
        return self.days or self.months * 365.2425 / 12


MONTHLY = Cadence("monthly", 0, 1, 1.5)
CADENCES = (
    Cadence("weekly", 7, 0, 0.8),
    Cadence("biweekly", 14, 0, 1.0),
    Cadence("four-weekly", 28, 0, 1.0),
    MONTHLY,
    Cadence("two-monthly", 0, 2, 1.8),
    Cadence("quarterly", 0, 3, 2.0),
    Cadence("half-yearly", 0, 6, 3.0),
    Cadence("yearly", 0, 12, 3.5),
)
