"""Which moments does a request take? A date or an RFC 3339 time, always meant in UTC.

`since=2024-01-01` starts at that day's midnight UTC. A time without an offset is read as UTC too.
The range is the one that ClickHouse's DateTime64 holds exactly.
"""

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator, Field

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2261, 12, 31, tzinfo=UTC)


def read_moment(value: object) -> object:
    """Return the moment that the text names.

    Raises:
        ValueError: It names none, or one out of range.
    """
    if not isinstance(value, str):
        return value
    # ISO 8601 in full would take week dates and bare years too; the contract is RFC 3339.
    is_date = len(value) == len("2024-01-01")
    try:
        moment = (
            datetime.combine(date.fromisoformat(value), time())
            if is_date
            else datetime.fromisoformat(value)
        )
    except ValueError:
        raise ValueError("give a date (2024-01-01) or a time (2024-01-01T12:30:00Z)") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the moment is out of range") from None
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"the moment must lie between {EARLIEST:%Y} and {LATEST:%Y}")
    return moment


Moment = Annotated[datetime, BeforeValidator(read_moment, json_schema_input_type=str)]

# The range of ClickHouse's Date.
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2149, 6, 6))]
