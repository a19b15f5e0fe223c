"""What happened on one account since the last look? Its newest events, kept or applied.

The position is the newest event's time, kept by the caller. Each look starts a little before it,
since events can become visible late; events that were applied before are remembered and skipped.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

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
_REMEMBERED = 20_000
_EVENTS = next(endpoint for endpoint in LISTS if endpoint.object == "event")


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
            elif new := [one for one in page.items if one.id not in self._known]:
                events = [(one.id, bytes(one.payload)) for one in new]
                await asyncio.to_thread(self._keep, self.connection, events)
            seen.update((event.id, event.created) for event in page.items)

        spans: Stored = [Span(position - LOOK_BACK, 0).stored()]
        await Listing(self._client, _EVENTS, spans, handle).read(lambda: False)
        return max([position, *seen.values()])

    def landed(self) -> None:
        """Remember the events of the last look, whose rows are in the warehouse."""
        for event_id in self._seen:
            self._known[event_id] = None
        while len(self._known) > max(_REMEMBERED, len(self._seen)):
            self._known.popitem(last=False)


def _no_skip(_: str, __: str) -> None:
    """A nested list that the key may not read is reported by backfills, not by every look."""
