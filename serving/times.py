"""Which moments does a request take? A date or an RFC 3339 time, always meant in UTC.

`since=2024-01-01` starts at that day's midnight UTC. A time without an offset is read as UTC too.
The range is the one that ClickHouse's DateTime64 holds exactly.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from core.errors import InvalidInputError

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2261, 12, 31, tzinfo=UTC)

# `fromisoformat` would take week dates, bare years and times without separators too.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)


def read_moment(value: object) -> object:
    """Return the moment that the text names.

    Raises:
        ValueError: It names none, or one out of range.
    """
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            moment = datetime.combine(date.fromisoformat(value), time())
        elif isinstance(value, str) and _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value.upper())
        else:
            raise ValueError
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


def read_day(value: object) -> object:
    """Return the day that the text names; Pydantic would read a number as seconds since 1970.

    Raises:
        ValueError: It names none.
    """
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
        raise ValueError
    except ValueError:
        raise ValueError("give a date (2024-01-01)") from None


def refuse_turned_round(since: date | None, until: date | None) -> None:
    """Refuse a time that ends before it begins: an empty answer would say that nothing happened.

    Raises:
        InvalidInputError: `since` does not lie before `until`.
    """
    if since is not None and until is not None and since >= until:
        raise InvalidInputError("since must lie before until.", next_step="Exchange the two.")


Moment = Annotated[
    datetime,
    BeforeValidator(read_moment),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
            ]
        }
    ),
]

# The range of ClickHouse's Date.
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2149, 6, 6)), BeforeValidator(read_day)]
