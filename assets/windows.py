"""Which span of time did the run's configuration ask for? Text from a form or a command line."""

from datetime import UTC, date, datetime

from core.errors import InvalidInputError
from pipelines.window import Window


def parse_window(since: str | None, until: str | None) -> Window:
    """Return the window between two days (midnight, UTC) or moments with a zone.

    Raises:
        InvalidInputError: Not a day or moment, a moment without a zone, or an end before its start.
    """
    return Window(since_at=_moment(since), until_at=_moment(until))


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) == len("2025-01-31"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"{text!r} is not a day or a moment.",
            next_step="Write 2025-01-31 or 2025-01-31T08:00:00Z.",
        ) from None
