"""Which span of time does a run cover? Half-open, in UTC, open ends allowed."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Window:
    """Objects created at or after `since_at` and before `until_at`; None means unbounded.

    Raises:
        InvalidInputError: A time without a zone, or an end before its start.
    """

    since_at: datetime | None = None
    until_at: datetime | None = None

    def __post_init__(self) -> None:
        for moment in (self.since_at, self.until_at):
            if moment is not None and moment.tzinfo is None:
                raise InvalidInputError(
                    "A window's times need a time zone.", next_step="Add Z for UTC."
                )
        if self.since_at and self.until_at and self.since_at >= self.until_at:
            raise InvalidInputError("A window ends after it starts.")


EVERYTHING = Window()
