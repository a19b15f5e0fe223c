"""Which month is a report about?"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import InvalidInputError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
YEARS = range(1970, 2100)  # what a day in ClickHouse can be, and anybody's books


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar, in UTC, by its first day."""

    starts_on: date

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2026-10`.

        Raises:
            InvalidInputError: It is no month.
        """
        found = _MONTH.fullmatch(text)
        if found is None:
            raise InvalidInputError(f"{text!r} is no month.", next_step="Write it as 2026-10.")
        if (year := int(found[1])) not in YEARS:
            raise InvalidInputError(
                f"{text!r} is too far away.",
                next_step=f"Years are {YEARS[0]} to {YEARS[-1]}.",
            )
        return cls(date(year, int(found[2]), 1))

    @classmethod
    def before(cls, day: date) -> "Month":
        """Return the last month that was over on this day."""
        return cls((day.replace(day=1) - timedelta(days=1)).replace(day=1))

    @property
    def ends_before(self) -> date:
        """The first day after it."""
        return (self.starts_on + timedelta(days=31)).replace(day=1)

    def until(self, today: date) -> date:
        """Return the first day of it of which nothing can be known: tomorrow, while it runs."""
        return min(self.ends_before, today + timedelta(days=1))

    def since(self, earlier: "Month") -> int:
        """Return how many months lie between the two."""
        years = self.starts_on.year - earlier.starts_on.year
        return years * 12 + self.starts_on.month - earlier.starts_on.month

    def __str__(self) -> str:
        return f"{self.starts_on:%B %Y}"
