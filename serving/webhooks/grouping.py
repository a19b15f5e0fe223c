"""How do many requests share one commit? Those that arrive while one is under way go in the next.

Durability costs a flush of the disk per group, not per request, and a lone request waits for
nobody. Everything happens on the server's event loop: a thread would have to win the interpreter
back after each step, which on a busy server takes longer than the commit.
"""

import asyncio
from collections.abc import Sequence

import psycopg

from core.errors import EngineUnavailableError
from core.inbox import APPEND_DELIVERED, Arrival, delivered_values
from core.logs import get_logger
from serving.webhooks.figures import Figures

LARGEST_GROUP = 500
WAITING_BYTES = 64_000_000
COMMIT_SECONDS = 10.0
_LOG = get_logger("serving.webhooks")


class GroupedInbox:
    """Appends to the inbox; returns when the entry is committed."""

    def __init__(self, url: str, figures: Figures) -> None:
        self._url, self._figures = url, figures
        self._connection: psycopg.AsyncConnection[tuple[int]] | None = None
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def append(self, arrival: Arrival) -> None:
        """Commit an entry; one that was committed before is left as it is.

        Raises:
            EngineUnavailableError: Postgres does not answer, or more is waiting than may. The entry
                may or may not be committed: the sender sends it again.
        """
        if self._bytes > WAITING_BYTES:
            raise EngineUnavailableError("More webhooks are waiting than may.")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        self._bytes += len(arrival.payload)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Commit what is waiting and close the connection."""
        if self._writing is not None:
            await self._writing
        await self._disconnect()

    async def _write(self) -> None:
        try:
            while self._waiting:
                group = self._waiting[:LARGEST_GROUP]
                del self._waiting[:LARGEST_GROUP]
                await self._write_group(group)
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[tuple[Arrival, asyncio.Future[None]]]) -> None:
        arrivals = [arrival for arrival, _ in group]
        failure: EngineUnavailableError | None = None
        try:
            added = await self._commit(arrivals)
            self._figures.committed(len(arrivals), added)
        except (psycopg.Error, OSError, TimeoutError) as error:
            _LOG.error("webhooks_not_committed", number=len(group), reason=str(error))
            failure = EngineUnavailableError("Postgres did not commit.")
        self._bytes -= sum(len(arrival.payload) for arrival in arrivals)
        for _, done in group:
            if done.cancelled():
                continue
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)

    async def _commit(self, arrivals: Sequence[Arrival]) -> int:
        """Commit a group; once more on a new connection, since appending twice adds once."""
        try:
            return await self._commit_once(arrivals)
        except (psycopg.OperationalError, psycopg.InterfaceError, OSError):
            await self._disconnect()
            return await self._commit_once(arrivals)

    async def _commit_once(self, arrivals: Sequence[Arrival]) -> int:
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                if self._connection is None:
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._url, autocommit=True, options="-c synchronous_commit=on"
                    )
                cursor = await self._connection.execute(
                    APPEND_DELIVERED, delivered_values(arrivals)
                )
                row = await cursor.fetchone()
                assert row is not None
                return row[0]
        except TimeoutError:
            await self._disconnect()
            raise

    async def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
