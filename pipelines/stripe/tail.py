"""What happened on one account since the last look? Its newest events, kept or applied.

The position is the newest event's time, kept by the caller. Each look starts a little before it,
since events can become visible late; events that were applied before are remembered and skipped.
Now and then Stripe is asked as well for what no endpoint of the account's took in the days for
which it repeats a delivery: an event that became visible later than that is found there.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection
from core.settings import Settings
from pipelines.batches import Sink
from pipelines.stripe.client import StripeClient
from pipelines.stripe.handlers import EventPages
from pipelines.stripe.landing import Landing
from pipelines.stripe.listing import Listing, ReadPage, Stored
from pipelines.stripe.objects import LISTS, selected_names
from pipelines.stripe.plan import EVENTS_KEPT
from pipelines.stripe.windows import Span

LOOK_BACK = 60
UNDELIVERED_SECONDS = 300.0
UNDELIVERED_BACK = 3 * 86_400
_REMEMBERED = 20_000
_EVENTS = next(endpoint for endpoint in LISTS if endpoint.object == "event")
_UNDELIVERED = replace(_EVENTS, parameters={"delivery_success": "false"})


class Tail:
    """Follows the events of one account. Use as an asynchronous context manager."""

    def __init__(
        self,
        settings: Settings,
        connection: Connection,
        keep: Callable[[Connection, Sequence[tuple[str, bytes]]], None] | None = None,
    ) -> None:
        self.connection = connection
        self._keep = keep
        self._known: OrderedDict[str, None] = OrderedDict()
        self._seen: dict[str, int] = {}
        self._asked_undelivered_at = float("-inf")
        self._client = StripeClient(
            connection.api_url,
            connection.credentials.get("api_key", ""),
            requests_per_second=settings.stripe_requests_per_second,
        )

    async def __aenter__(self) -> "Tail":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__(None, None, None)

    async def look(self, position: int, sink: Sink) -> int:
        """Hand over what happened since `position` and return the new position.

        Args:
            position: The second of the newest event seen; 0 on the first look, which starts now:
                the past is a backfill's.
            sink: Where the rows go, if nobody keeps the events; the position counts once they are
                all in, and `landed` is told so. A look whose rows did not land is taken again.

        Raises:
            ProviderError: Stripe could not be read; nothing is lost, look again.
        """
        now = epoch_microseconds(utc_now()) // 1_000_000
        position = max(position or now, now - EVENTS_KEPT)
        landing = Landing(sink, self.connection, "poll", selected_names(None))
        apply = EventPages(self._client, landing, _no_skip, known=self._known)
        seen = self._seen = {}

        async def handle(page: ReadPage) -> None:
            if self._keep is None:
                await apply(page)
            else:
                await self._hand_over(page)
            seen.update((event.id, event.created) for event in page.items)

        spans: Stored = [Span(position - LOOK_BACK, 0).stored()]
        await Listing(self._client, _EVENTS, spans, handle).read(lambda: False)
        moved_to = max([position, *seen.values()])
        if time.monotonic() - self._asked_undelivered_at > UNDELIVERED_SECONDS:
            await self._undelivered(now)
            self._asked_undelivered_at = time.monotonic()
        return moved_to

    async def _hand_over(self, page: ReadPage) -> None:
        new = [one for one in page.items if one.id not in self._known]
        if new and self._keep is not None:
            events = [(one.id, bytes(one.payload)) for one in new]
            await asyncio.to_thread(self._keep, self.connection, events)

    async def _undelivered(self, now: int) -> None:
        """Hand over what no endpoint took; where rows go straight to tables, the net is dlt's."""
        if self._keep is None:
            return

        async def handle(page: ReadPage) -> None:
            await self._hand_over(page)
            self._seen.update((event.id, event.created) for event in page.items)

        spans: Stored = [Span(now - UNDELIVERED_BACK, 0).stored()]
        await Listing(self._client, _UNDELIVERED, spans, handle).read(lambda: False)

    def landed(self) -> None:
        """Remember the events of the last look, whose rows are in the warehouse."""
        for event_id in self._seen:
            self._known[event_id] = None
        while len(self._known) > max(_REMEMBERED, len(self._seen)):
            self._known.popitem(last=False)


def _no_skip(_: str, __: str) -> None:
    """A nested list that the key may not read is reported by backfills, not by every look."""
