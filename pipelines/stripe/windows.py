"""Which parts of a list are still to be read? Spans of `created`, split where the list is dense.

Stripe's lists are newest first and sequential, so one list is read in parallel by reading several
windows of `created` side by side. Where to cut is learned from the pages: a full page tells how
many seconds a hundred objects take, and the next window starts that many pages further back.
Windows touch but never overlap, and Stripe applies the filter, so each object is in exactly one,
however many share a second; order inside a window only guides the cutting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.stripe.client import PAGE_SIZE
from pipelines.stripe.pages import Item

PAGES_AHEAD = 16


@dataclass(frozen=True, slots=True)
class Span:
    """What is left of a window: created in [low, high), after the object `after`.

    `high` 0 means open; `after` empty means from the window's start. Kept in dlt's state as a
    list, see `stored` and `restored`.
    """

    low: int
    high: int
    after: str = ""
    after_created: int = 0

    @classmethod
    def restored(cls, stored: Sequence[object]) -> "Span":
        """Read what `stored` wrote."""
        low, high, after, after_created = stored
        return cls(int(str(low)), int(str(high)), str(after), int(str(after_created)))

    def stored(self) -> list[int | str]:
        """Return the JSON form for the state."""
        return [self.low, self.high, self.after, self.after_created]

    def query(self, *, is_dated: bool) -> dict[str, str | int]:
        """Return the query parameters of the span's next page."""
        query: dict[str, str | int] = {"limit": PAGE_SIZE}
        if is_dated and self.low:
            query["created[gte]"] = self.low
        if is_dated and self.high:
            query["created[lt]"] = self.high
        if self.after:
            query["starting_after"] = self.after
        return query


def successors(span: Span, items: Sequence[Item], *, has_more: bool, may_split: bool) -> list[Span]:
    """Return what is left of `span` after a page.

    A span ends with an empty page, whatever `has_more` said before: a list that was cut short is
    found out by the one request that asks for what follows its last object.
    """
    if not items:
        return []
    last = items[-1]
    rest = Span(span.low, span.high, last.id, last.created)
    if not (has_more and may_split):
        return [rest]
    seconds_per_page = max(1, items[0].created - last.created)
    cut = last.created - PAGES_AHEAD * seconds_per_page
    if cut <= span.low:
        return [rest]
    return [Span(cut, span.high, last.id, last.created), Span(span.low, cut)]
