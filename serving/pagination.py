"""How is a long list walked? By a cursor that names the last row seen, not a number of rows.

Lists are ordered by moment (newest first) and then by name, both part of the cursor, so that rows
inserted or removed between two pages neither repeat nor hide the others. A cursor is opaque to
callers and needs no signature: it selects among rows that the scope has already filtered.
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
        body = json.dumps([epoch_microseconds(self.moment), *self.name], separators=(",", ":"))
        return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, *, names: int) -> "Cursor":
        """Read what `encode` made, with as many names as the list's order has.

        Raises:
            InvalidInputError: It is not such a cursor.
        """
        try:
            body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            moment, *name = body
            if type(moment) is not int or [type(part) for part in name] != [str] * names:
                raise TypeError
            if any("\0" in part for part in name):
                raise ValueError
            return cls(_EPOCH + timedelta(microseconds=moment), tuple(name))
        except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
            raise InvalidInputError(
                "The cursor is not one that this list has given.",
                next_step="Send next_cursor as it was received, or leave it out to start over.",
            ) from None


def page_of(
    rows: Sequence[Mapping[str, Any]],
    limit: int,
    shape: Callable[[Mapping[str, Any]], Item],
    cursor_of: Callable[[Mapping[str, Any]], Cursor],
) -> Page[Item]:
    """Return a page of `limit` rows; one row more than that tells that another page follows."""
    has_more = len(rows) > limit
    return Page(
        data=[shape(row) for row in rows[:limit]],
        has_more=has_more,
        next_cursor=cursor_of(rows[limit - 1]).encode() if has_more else None,
    )
