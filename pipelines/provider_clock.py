"""What day is it at the provider? Its own clock counts: ours may differ, or stand elsewhere."""

from datetime import UTC, date
from email.utils import parsedate_to_datetime

from core.clock import utc_now
from pipelines.http_client import Answer


def day_at(answer: Answer) -> date:
    """Return the day, in UTC, on which the provider answered; ours where it does not say."""
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC).date()
    except (KeyError, ValueError):
        return utc_now().date()
