"""How do the rows of many readers become batches for one consumer? Buffered per table.

Nothing is decoded or escaped on the way; a batch becomes Arrow (`pipelines.arrow`) when it is full.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import Buffer

from core.connections import Connection

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_BYTES = 8_000_000
BUFFERED_BYTES = 64_000_000
QUEUED_BATCHES = 4


class RawObject(msgspec.Struct, frozen=True, gc=False):
    """One object as a raw row needs it; `payload` is its exact JSON."""

    id: str
    version: int
    is_deleted: bool
    payload: Buffer


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one raw table, named by its resource (`checkout_session`)."""

    resource: str
    rows: "pa.Table"


@dataclass(slots=True)
class RowBuffer:
    """Rows of one raw table, waiting to become Arrow."""

    workspaces: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    payloads: list[Buffer] = field(default_factory=list)
    size: int = 0

    def extend(
        self, connection: Connection, objects: Sequence[RawObject], origin: str, now: datetime
    ) -> int:
        """Append the objects of one page and return their bytes."""
        count = len(objects)
        self.workspaces += [str(connection.tenant)] * count
        self.connections += [connection.id] * count
        self.origins += [origin] * count
        self.times += [now] * count
        self.ids += [item.id for item in objects]
        self.versions += [item.version for item in objects]
        self.deleted += [int(item.is_deleted) for item in objects]
        self.payloads += [item.payload for item in objects]
        size = sum(memoryview(item.payload).nbytes for item in objects)
        self.size += size
        return size

    def table(self) -> "pa.Table":
        """Return the rows as Arrow."""
        from pipelines.arrow import raw_rows  # 40 MB that a worker without rows does not need

        return raw_rows(
            self.payloads,
            workspace_id=self.workspaces,
            connection_id=self.connections,
            id=self.ids,
            version=self.versions,
            is_deleted=self.deleted,
            origin=self.origins,
            extracted_at=self.times,
        )


class Sink:
    """Collects rows from many concurrent readers and hands batches to one consumer."""

    def __init__(self) -> None:
        self.rows = 0
        self._batches: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._buffers: dict[str, RowBuffer] = {}
        self._size = 0

    async def add(
        self,
        resource: str,
        connection: Connection,
        objects: Sequence[RawObject],
        *,
        origin: str,
        now: datetime,
    ) -> None:
        """Append objects to a table; waits first while the consumer is behind.

        Nothing is awaited once the rows are taken, so a cancelled reader takes none of the rows
        that others left in the buffer with it.
        """
        if not objects:
            return
        await self._has_room.wait()
        buffer = self._buffers.setdefault(resource, RowBuffer())
        self._size += buffer.extend(connection, objects, origin, now)
        self.rows += len(objects)
        if buffer.size >= BATCH_BYTES:
            self._hand_over(resource)
        elif self._size >= BUFFERED_BYTES:
            self.finish(is_last=False)

    def finish(self, *, is_last: bool = True) -> None:
        """Hand over everything that is buffered; the last time, end the consumer's stream."""
        for resource in list(self._buffers):
            self._hand_over(resource)
        if is_last:
            self._batches.put_nowait(None)

    async def next_batch(self) -> Batch | None:
        """Return the next batch, or None at the end."""
        batch = await self._batches.get()
        if self._batches.qsize() < QUEUED_BATCHES:
            self._has_room.set()
        return batch

    def _hand_over(self, resource: str) -> None:
        buffer = self._buffers.pop(resource)
        self._size -= buffer.size
        self._batches.put_nowait(Batch(resource, buffer.table()))
        if self._batches.qsize() >= QUEUED_BATCHES:
            self._has_room.clear()


def drained(work: Callable[[Sink], Awaitable[None]]) -> Iterator[Batch]:
    """Run asynchronous readers and yield their batches, in the caller's own thread.

    The event loop turns only while the consumer waits for the next batch, so the readers' state
    can be changed without locks, and nothing runs once the consumer is done.
    """
    loop = asyncio.new_event_loop()
    try:
        sink = Sink()

        async def produce() -> None:
            try:
                await work(sink)
            finally:
                sink.finish()

        producer = loop.create_task(produce())
        while (batch := loop.run_until_complete(sink.next_batch())) is not None:
            yield batch
        loop.run_until_complete(producer)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
