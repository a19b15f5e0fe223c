"""How are a provider's connections read in one run? Side by side, in chunks, each failing alone.

A provider's package gives one coroutine, its reader. It visits one connection, lands what it reads,
writes down in the connection's memory how far it came, and stops when the chunk is full. The memory
is dlt state: it is committed with the rows that it describes, so a reader that is killed goes on
where its last load ended. Nothing here knows dlt; Stripe, whose lists are read side by side within
an account as well, has machinery of its own (`pipelines.stripe.sync`).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.clock import utc_now
from core.connections import Connection, Status
from core.errors import InvalidInputError, ProviderError
from core.logs import get_logger
from core.settings import Settings
from pipelines.batches import RawObject, Sink
from pipelines.failures import ConsentNeededError, NotOfferedError
from pipelines.reports import ConnectionOutcome
from pipelines.window import Window

if TYPE_CHECKING:
    from dlt.extract import DltSource

CHUNK_SECONDS = 120.0
# Connections wait for their own limits (a QuickBooks company for seconds), not for this process:
# 200 of them in 4 rounds instead of 13. Each holds at most 4-8 sockets, of 1,024 files.
SIDE_BY_SIDE = 64

log = get_logger("pipelines")

Memory = dict[str, Any]


@dataclass(slots=True)
class Fate:
    """How one connection fares over all chunks of a run."""

    connection: Connection
    counts: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    notice: str = ""
    was_read: bool = True
    is_done: bool = False

    def outcome(self) -> ConnectionOutcome:
        """Return what is reported of the connection."""
        reason = self.refused or next(iter(self.failed.values()), "") or self.notice
        troubled: Status = "degraded" if self.failed else "active"
        return ConnectionOutcome(
            connection=self.connection,
            status="reconsent_required" if self.refused else troubled,
            reason=reason,
            rows=dict(self.counts),
            skipped=dict(self.skipped),
            failed=dict(self.failed),
            complete=self.is_done and not self.failed and not self.refused,
            was_read=self.was_read,
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection in one chunk, as its reader sees it.

    Attributes:
        connection: The account to read.
        settings: The platform's configuration.
        window: The span to read again; None for what changed since `memory` was written, which is
            everything when it is empty.
        names: The objects that are wanted.
        memory: What the reader keeps of this connection; JSON, committed with the rows.
        is_first: Whether it is the run's first visit of the connection; later ones finish it.
        is_full: Whether the chunk is full: the reader writes down where it is and returns False.
    """

    connection: Connection
    settings: Settings
    window: Window | None
    names: frozenset[str]
    memory: Memory
    is_first: bool
    is_full: Callable[[], bool]
    sink: Sink
    fate: Fate

    async def land(self, name: str, rows: Sequence[RawObject]) -> None:
        """Land rows of one object; those of an object that is not wanted are left."""
        if name not in self.names or not rows:
            return
        self.fate.counts[name] += len(rows)
        origin = "poll" if self.window is None and not self.is_new else "backfill"
        await self.sink.add(
            name.replace(".", "_"), self.connection, rows, origin=origin, now=utc_now()
        )

    @property
    def is_new(self) -> bool:
        """Nothing of the connection has been read to its end yet."""
        return not self.memory.get("was_whole", False)

    def skip(self, name: str, reason: str) -> None:
        """Say that the provider does not offer an object, in its own words."""
        self.fate.skipped[name] = reason

    def fail(self, name: str, reason: str) -> None:
        """Say that an object could not be read; the next run tries again."""
        self.fate.failed[name] = reason
        log.warning("read failed", connection=self.connection.id, object=name, reason=reason)

    async def part(self, name: str, reading: Awaitable[bool]) -> bool:
        """Await one part of a visit, so that its failure costs this part alone.

        Args:
            name: The object that it reads.
            reading: Returns whether it came to its end.

        Returns:
            Whether nothing is left of it that this run could read.
        """
        try:
            return await reading
        except ConsentNeededError:
            raise
        except NotOfferedError as error:
            self.skip(name, error.detail)
        except ProviderError as error:
            self.fail(name, error.detail)
        return True


# Visits one connection; returns whether everything that was asked for is read.
Reader = Callable[[Visit], Awaitable[bool]]


class ProviderRun:
    """One run over some connections of one provider, in as many chunks as it takes."""

    def __init__(
        self,
        provider: str,
        read: Reader,
        settings: Settings,
        connections: Sequence[Connection],
        *,
        names: frozenset[str],
        window: Window | None,
        chunk_rows: int,
    ) -> None:
        self.provider = provider
        self.fates = [Fate(connection) for connection in connections]
        self._read = read
        self._settings = settings
        self._names = names
        self._window = window
        self._chunk_rows = chunk_rows
        self._visited: set[str] = set()

    @property
    def is_done(self) -> bool:
        """Nothing is left for another chunk."""
        return all(fate.is_done for fate in self.fates)

    def source(self) -> "DltSource":
        """Return the dlt source of the next chunk."""
        from pipelines.source import provider_source  # dlt is for processes that load

        return provider_source(self.provider, self.work)

    def outcomes(self) -> tuple[ConnectionOutcome, ...]:
        """Return how each connection fared so far."""
        return tuple(fate.outcome() for fate in self.fates)

    async def work(self, sink: Sink, state: dict[str, Any]) -> None:
        """Read until everything is read or the chunk is full; the source's state is `state`."""
        deadline = time.monotonic() + CHUNK_SECONDS
        side_by_side = asyncio.Semaphore(SIDE_BY_SIDE)

        def is_full() -> bool:
            return sink.rows >= self._chunk_rows or time.monotonic() >= deadline

        async def one(fate: Fate) -> None:
            async with side_by_side:
                if not is_full():
                    memories = state.setdefault("connections", {})
                    memory = memories.setdefault(fate.connection.key, {})
                    await self._visit(fate, sink, memory, is_full)

        async with asyncio.TaskGroup() as group:
            for fate in self.fates:
                if not fate.is_done:
                    group.create_task(one(fate))
        self.fates.append(self.fates.pop(0))  # let another be first in the next chunk

    async def _visit(
        self, fate: Fate, sink: Sink, memory: Memory, is_full: Callable[[], bool]
    ) -> None:
        key = fate.connection.key
        visit = Visit(
            connection=fate.connection,
            settings=self._settings,
            window=self._window,
            names=self._names,
            memory=memory,
            is_first=key not in self._visited,
            is_full=is_full,
            sink=sink,
            fate=fate,
        )
        self._visited.add(key)
        try:
            fate.is_done = await self._read(visit)
        except ConsentNeededError as error:
            fate.refused, fate.is_done = error.detail, True
        except ProviderError as error:
            visit.fail("connection", error.detail)
            fate.is_done = True
        if fate.is_done and not fate.failed and not fate.refused:
            memory["was_whole"] = True


def wanted(groups: Mapping[str, Sequence[str]], objects: Sequence[str] | None) -> frozenset[str]:
    """Return the objects that a run is asked for; None is all of them.

    Raises:
        InvalidInputError: One of them does not exist.
    """
    known = frozenset(name for names in groups.values() for name in names)
    if objects is None:
        return known
    if unknown := sorted(set(objects) - known):
        raise InvalidInputError(
            f"There is no object {', '.join(unknown)}.",
            next_step=f"Some of: {', '.join(sorted(known))}.",
        )
    return frozenset(objects)
