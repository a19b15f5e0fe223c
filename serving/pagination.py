"""How is a long list walked? By a cursor that names the last row seen, not a number of rows.

Lists are ordered by what does not change of a row (mostly its moment) and then by name, all part of
the cursor, so that rows inserted or removed between two pages neither repeat nor hide the others. A
cursor is opaque to callers and needs no signature: it selects among rows that the scope has already
filtered.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from core.clock import epoch_microseconds
from core.errors import InvalidInputError

MAXIMUM_LIMIT = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST, _MOST = -(2**63), 2**63 - 1  # what ClickHouse and Postgres take for an integer

Item = TypeVar("Item", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=MAXIMUM_LIMIT, description="Rows per page")]
CursorText = Annotated[
    str | None,
    Query(max_length=1000, description="`next_cursor` of the page before", examples=[None]),
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    data: list[Item]
    has_more: bool = Field(description="Whether another page follows")
    next_cursor: str | None = Field(description="Send it as `cursor` for that page")


class Collection(BaseModel, Generic[Item]):
    """A list that is short by nature, and whole."""

    data: list[Item]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: its moment, and its name among rows of that moment."""

    moment: datetime
    name: tuple[str, ...]

    def encode(self) -> str:
        """Return the text for callers."""
        return encode_position(epoch_microseconds(self.moment), *self.name)

    @classmethod
    def decode(cls, text: str, *, names: int) -> "Cursor":
        """Read what `encode` made, with as many names as the list's order has.

        Raises:
            InvalidInputError: It is not such a cursor.
        """
        moment, *name = decode_position(text, int, *[str] * names)
        try:
            return cls(_EPOCH + timedelta(microseconds=moment), tuple(name))
        except OverflowError:
            raise _foreign_cursor() from None


def encode_position(*parts: int | str) -> str:
    """Return a cursor's text."""
    body = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def decode_position(text: str, *shape: type[int] | type[str]) -> list[Any]:
    """Read what `encode_position` made of parts of these types.

    Raises:
        InvalidInputError: It is not such a cursor.
    """
    try:
        body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if type(body) is not list or [type(part) for part in body] != list(shape):
            raise TypeError
        texts = "".join(part for part in body if type(part) is str)
        if "\0" in texts.encode().decode():  # half of a surrogate pair is no text
            raise ValueError
        if any(type(part) is int and not _LEAST <= part <= _MOST for part in body):
            raise ValueError
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise _foreign_cursor() from None
    return body


def _foreign_cursor() -> InvalidInputError:
    return InvalidInputError(
        "The cursor is not one that this list has given.",
        next_step="Send next_cursor as it was received, or leave it out to start over.",
    )


def page_of(
    rows: Sequence[Mapping[str, Any]],
    limit: int,
    shape: Callable[[Mapping[str, Any]], Item],
    cursor_of: Callable[[Mapping[str, Any]], Cursor | str],
) -> Page[Item]:
    """Return a page of `limit` rows; one row more than that tells that another page follows."""
    has_more = len(rows) > limit
    last = cursor_of(rows[limit - 1]) if has_more else None
    return Page(
        data=[shape(row) for row in rows[:limit]],
        has_more=has_more,
        next_cursor=last.encode() if isinstance(last, Cursor) else last,
    )
