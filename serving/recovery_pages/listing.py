"""Which page of a filtered list is this, and what comes after it? The same of every such list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from serving.pagination import Cursor

ROWS = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of rows.

    Attributes:
        chosen: What the filters are set to, by name; empty for no choice.
        is_filtered: Whether any of them is.
        is_later: Whether pages lie before it.
        first: The query of the first page.
        following: The query of the next page; empty where there is none.
    """

    rows: Sequence[Any]
    chosen: Mapping[str, str]
    is_filtered: bool
    is_later: bool
    first: str
    following: str


def listing(
    found: Sequence[Any],
    chosen: Mapping[str, str],
    cursor: str,
    cursor_of: Callable[[Any], Cursor],
) -> Listing:
    """Return a page of what was found: `ROWS` rows, and one more where another page follows."""
    kept = {name: value for name, value in chosen.items() if value}
    following = ""
    if len(found) > ROWS:
        following = "?" + urlencode({**kept, "cursor": cursor_of(found[ROWS - 1]).encode()})
    return Listing(
        rows=found[:ROWS],
        chosen=chosen,
        is_filtered=bool(kept),
        is_later=bool(cursor),
        first=f"?{urlencode(kept)}" if kept else "",
        following=following,
    )
