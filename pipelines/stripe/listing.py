"""How is one list of one account read to its end? Pages of its open spans, several at a time.

What is left lives in `Listing.spans`, a part of dlt's state: a page's successors replace its span
the moment its rows are handed over, so the state that is committed with a load names exactly what
that load did not bring.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pipelines.stripe.client import Answer, StripeClient
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import ListIntegrityError
from pipelines.stripe.pages import PAGE, Item, check_page, items_of
from pipelines.stripe.windows import Span, successors

SIDE_BY_SIDE = 8
_READS_OF_A_PAGE = 3

Stored = list[list[Any]]


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page of a list, checked, and the span that it starts."""

    span: Span
    items: list[Item]
    has_more: bool
    answer: Answer


PageHandler = Callable[[ReadPage], Awaitable[None]]


@dataclass(slots=True)
class Listing:
    """One list being read; `spans` is the state's own list, changed in place."""

    client: StripeClient
    endpoint: Endpoint
    spans: Stored
    handle: PageHandler

    async def read(self, should_stop: Callable[[], bool]) -> None:
        """Read pages until nothing is left or `should_stop` says so.

        Raises:
            ProviderError: A page could not be read; what the others brought is recorded.
        """
        running: dict[asyncio.Task[list[Span]], list[Any]] = {}
        try:
            while True:
                busy = list(running.values())
                for stored in self.spans:
                    if len(running) >= SIDE_BY_SIDE or should_stop():
                        break
                    if stored not in busy:
                        task = asyncio.create_task(self._step(Span.restored(stored)))
                        running[task] = stored
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    stored = running.pop(task)
                    left = task.result()
                    self.spans.remove(stored)
                    self.spans.extend(span.stored() for span in left)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _step(self, span: Span) -> list[Span]:
        page = await self._page(span)
        if page.items:
            await self.handle(page)
        may_split = self.endpoint.created and len(self.spans) < SIDE_BY_SIDE
        return successors(span, page.items, has_more=page.has_more, may_split=may_split)

    async def _page(self, span: Span) -> ReadPage:
        """Read one page; a page that contradicts the list is asked for again before it counts."""
        endpoint = self.endpoint
        previous = Item.position(span.after, span.after_created) if span.after else None
        query = {**span.query(is_dated=endpoint.created), **endpoint.query()}
        for reads_left in reversed(range(_READS_OF_A_PAGE)):
            page, answer = await self.client.get(endpoint.path, query, PAGE.decode)
            items = items_of(page, endpoint.object)
            try:
                check_page(
                    items, has_more=page.has_more, previous=previous, low=span.low,
                    high=span.high, is_dated=endpoint.created,
                )  # fmt: skip
            except ListIntegrityError:
                if not reads_left:
                    raise
                await asyncio.sleep(self.client.patience.first_pause_seconds)
            else:
                return ReadPage(span, items, page.has_more, answer)
        raise AssertionError
