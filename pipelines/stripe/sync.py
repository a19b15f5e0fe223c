"""How are many Stripe accounts read in one extraction? Side by side, each failing alone.

Nothing here knows dlt: `Sync.work` fills a sink and changes the state it is given.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection, Status
from core.errors import ProviderError
from core.logs import get_logger
from pipelines.batches import Sink
from pipelines.http_client import Patience
from pipelines.reports import ConnectionOutcome
from pipelines.stripe.children import ChildReader
from pipelines.stripe.client import PATIENCE, StripeClient
from pipelines.stripe.errors import KeyRejectedError, NotPermittedError, StripeUnreachableError
from pipelines.stripe.handlers import EventPages, ObjectPages
from pipelines.stripe.landing import Landing
from pipelines.stripe.listing import Listing, PageHandler
from pipelines.stripe.objects import children_of
from pipelines.stripe.plan import (
    Reading,
    State,
    finish_backfill,
    needs_backfill,
    plan_backfill,
    plan_incremental,
)
from pipelines.window import EVERYTHING, Window

log = get_logger("pipelines.stripe")


@dataclass(frozen=True, slots=True)
class Pace:
    """How much one load holds and how hard an account is asked."""

    requests_per_second: float
    chunk_rows: int
    chunk_seconds: float = 120.0
    # An account's 90 requests wait for its own rate; each holds at most 16 sockets, of 1,024 files.
    connections_side_by_side: int = 32
    patience: Patience = PATIENCE


@dataclass(frozen=True, slots=True)
class Request:
    """What a run shall do: a backfill of `window`, or without one, what changed since the last."""

    names: frozenset[str]
    window: Window | None


@dataclass(slots=True)
class Progress:
    """How one connection fares over all chunks of a run."""

    connection: Connection
    counts: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    unreachable: str = ""
    is_planned: bool = False
    is_backfill: bool = False
    is_done: bool = False

    @property
    def is_stopped(self) -> bool:
        """No list of this account can be read in this run."""
        return bool(self.refused or self.unreachable)

    def outcome(self) -> ConnectionOutcome:
        """Return what is reported of the connection."""
        reason = self.refused or self.unreachable or next(iter(self.failed.values()), "")
        troubled: Status = "degraded" if reason else "active"
        return ConnectionOutcome(
            connection=self.connection,
            status="reconsent_required" if self.refused else troubled,
            reason=reason,
            rows=dict(self.counts),
            skipped=dict(self.skipped),
            failed=dict(self.failed),
            complete=self.is_done and not reason,
        )


class Sync:
    """One run over some connections, in as many chunks as it takes."""

    def __init__(self, request: Request, connections: Sequence[Connection], pace: Pace) -> None:
        self.request = request
        self.pace = pace
        self.progress = [Progress(connection) for connection in connections]

    @property
    def is_done(self) -> bool:
        """Nothing is left that this run could still read."""
        return all(progress.is_done for progress in self.progress)

    async def work(self, sink: Sink, state: State) -> None:
        """Read until everything is read or the chunk is full; the source's state is `state`."""
        deadline = time.monotonic() + self.pace.chunk_seconds
        side_by_side = asyncio.Semaphore(self.pace.connections_side_by_side)

        def is_full() -> bool:
            return sink.rows >= self.pace.chunk_rows or time.monotonic() >= deadline

        async def one(progress: Progress) -> None:
            async with side_by_side:
                if not is_full():
                    memory = state.setdefault("connections", {})
                    await self._connection(
                        progress, sink, memory.setdefault(progress.connection.key, {}), is_full
                    )

        async with asyncio.TaskGroup() as group:
            for progress in self.progress:
                if not progress.is_done:
                    group.create_task(one(progress))
        self.progress.append(self.progress.pop(0))  # let another be first in the next chunk

    async def _connection(
        self, progress: Progress, sink: Sink, state: State, is_full: Callable[[], bool]
    ) -> None:
        connection = progress.connection
        readings = self._plan(progress, state)
        async with StripeClient(
            connection.api_url,
            connection.credentials.get("api_key", ""),
            requests_per_second=self.pace.requests_per_second,
            patience=self.pace.patience,
        ) as client:
            await asyncio.gather(
                *(
                    self._reading(reading, client, progress, sink, is_full)
                    for reading in readings
                    if reading.spans and reading.endpoint.name not in progress.failed
                )
            )
        left = [r for r in readings if r.spans and r.endpoint.name not in progress.failed]
        progress.is_done = progress.is_stopped or not left
        if progress.is_backfill and not any(reading.spans for reading in readings):
            since, until = _seconds(self.request.window)
            finish_backfill(state, self.request.names, since=since, until=until)

    async def _reading(
        self,
        reading: Reading,
        client: StripeClient,
        progress: Progress,
        sink: Sink,
        is_full: Callable[[], bool],
    ) -> None:
        landing = Landing(
            sink, progress.connection, reading.origin, self.request.names, progress.counts
        )
        listing = Listing(
            client, reading.endpoint, reading.spans, _handler(reading, client, landing, progress)
        )
        try:
            await listing.read(lambda: is_full() or progress.is_stopped)
        except KeyRejectedError as error:
            progress.refused = error.detail
        except StripeUnreachableError as error:
            progress.unreachable = error.detail
        except NotPermittedError as error:
            progress.skipped |= dict.fromkeys(self._read_with(reading), error.detail)
            reading.spans.clear()
        except ProviderError as error:
            progress.failed |= dict.fromkeys(self._read_with(reading), error.detail)
            log.warning(
                "list failed", connection=progress.connection.id, list=reading.endpoint.name,
                reason=error.detail,
            )  # fmt: skip

    def _read_with(self, reading: Reading) -> list[str]:
        """Return the names that a list brings: its own, and those walked below its objects."""
        below = children_of(reading.endpoint.object, self.request.names)
        return [reading.endpoint.name, *(child.name for child in below)]

    def _plan(self, progress: Progress, state: State) -> list[Reading]:
        """Return what to read. Only the first chunk of a run may add to what is left."""
        now = epoch_microseconds(utc_now()) // 1_000_000
        names = self.request.names
        is_first, progress.is_planned = not progress.is_planned, True
        if is_first:
            progress.is_backfill = self.request.window is not None or needs_backfill(state, now=now)
        if progress.is_backfill:
            since, until = _seconds(self.request.window)
            return plan_backfill(state, names, since=since, until=until, now=now)
        return plan_incremental(state, names, now=now, is_new=is_first)


def _handler(
    reading: Reading, client: StripeClient, landing: Landing, progress: Progress
) -> PageHandler:
    skip = progress.skipped.__setitem__
    if reading.kind == "objects":
        children = ChildReader(client, children_of(reading.endpoint.object, landing.names), skip)
        return ObjectPages(reading.endpoint, landing, children)
    return EventPages(client, landing, skip, only_removals=reading.kind == "removals")


def _seconds(window: Window | None) -> tuple[int, int]:
    """Return the window in whole seconds; 0 is an open end."""
    window = window or EVERYTHING
    low = epoch_microseconds(window.since_at) // 1_000_000 if window.since_at else 0
    high = -(-epoch_microseconds(window.until_at) // 1_000_000) if window.until_at else 0
    return low, high
