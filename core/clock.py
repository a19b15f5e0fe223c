"""What time is it? The one place that reads the wall clock.

Pure functions take `now` as an argument; only the outermost caller asks this module.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def epoch_microseconds(moment: datetime) -> int:
    """Return whole microseconds since the epoch, exactly (the unit of a raw row's `version`)."""
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
