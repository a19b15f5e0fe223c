"""How is an object asked for whose events do not tell its state? Its provider, then the inbox.

What comes back is appended as entries of their own, so that both stores apply it like everything
else. Nothing is held in Postgres while the provider is asked; a lease gives the task to another
worker should this one die.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from typing_extensions import Buffer

from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database
from core.errors import NotFoundError, OppulenceError, ProviderError
from core.inbox import APPEND, Arrival, append_values
from core.logs import get_logger
from core.secrets import SecretUnreadableError
from core.settings import Settings
from core.tenancy import TenantId, new_id
from pipelines.batches import RawObject, Sink
from pipelines.http_client import Patience
from pipelines.inbox import entries, tasks
from pipelines.inbox.entries import Entry
from pipelines.inbox.meanings import stripe_change
from pipelines.inbox.tasks import Task
from pipelines.stripe.client import StripeClient
from pipelines.stripe.handlers import EventPages
from pipelines.stripe.landing import Landing
from pipelines.stripe.objects import selected_names

SHARE = 16
MOST_TASKS = 64
# Short: a task that fails is tried again later, and others wait.
PATIENCE = Patience(attempts=2, first_pause_seconds=0.2, timeout_seconds=15)

log = get_logger("pipelines.inbox")


class _Kept(Sink):
    """Keeps rows as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[str, RawObject]] = []

    async def add(
        self,
        resource: str,
        connection: Connection,
        objects: Sequence[RawObject],
        *,
        origin: str,
        now: datetime,
    ) -> None:
        self.kept += [(resource, one) for one in objects]


@dataclass(slots=True)
class Refetcher:
    """Asks providers for objects; used from one thread."""

    settings: Settings
    database: Database
    connections: ConnectionStore
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _clients: dict[str, tuple[object, StripeClient]] = field(default_factory=dict)

    def turn(self) -> int:
        """Work on the tasks that are due; return how many there were.

        Raises:
            EngineUnavailableError: Postgres does not answer.
        """
        with self.database.system() as rows:
            due = tasks.lease(rows, ["refetch"], utc_now(), share=SHARE, most=MOST_TASKS)
            sources = {t.id: entries.one(rows, t.workspace_id, t.position) for t in due}
        if due:
            self._loop.run_until_complete(self._all(due, sources))
        return len(due)

    def close(self) -> None:
        """Close the providers' clients."""
        for _, client in self._clients.values():
            self._loop.run_until_complete(client.__aexit__(None, None, None))
        self._loop.close()

    async def _all(self, due: Sequence[Task], sources: dict[str, Entry | None]) -> None:
        await asyncio.gather(*(self._one(task, sources[task.id]) for task in due))

    async def _one(self, task: Task, source: Entry | None) -> None:
        try:
            found = [] if source is None else await self._fetched(task, source)
        except (ProviderError, NotFoundError, SecretUnreadableError) as error:
            self._note(task, error)
            return
        with self.database.system() as rows:
            if found:
                rows.execute(APPEND, append_values(found))
            tasks.done(rows, task)

    def _note(self, task: Task, error: OppulenceError) -> None:
        log.warning("refetch failed", object=task.object, cause=error.code, reason=error.detail)
        with self.database.system() as rows:
            tasks.again(rows, task, error.code, error.detail, utc_now())

    async def _fetched(self, task: Task, source: Entry) -> list[Arrival]:
        connection = self.connections.get(TenantId(task.workspace_id), task.connection_id)
        change = stripe_change(source)
        if change is None:
            return []
        sink = _Kept()
        landing = Landing(sink, connection, "webhook", selected_names(None))
        pages = EventPages(self._client(connection), landing, dict[str, str]().__setitem__)
        await pages.refetch([change])
        return [_arrival(task, name, found) for name, found in sink.kept]

    def _client(self, connection: Connection) -> StripeClient:
        """Return the account's client; its rate limiter must outlive a task."""
        access = (connection.api_url, dict(connection.credentials))
        kept = self._clients.get(connection.key)
        if kept is None or kept[0] != access:
            client = StripeClient(
                connection.api_url,
                connection.credentials.get("api_key", ""),
                requests_per_second=self.settings.stripe_requests_per_second,
                patience=PATIENCE,
            )
            self._clients[connection.key] = kept = (access, client)
        return kept[1]


def _arrival(task: Task, name: str, found: RawObject) -> Arrival:
    return Arrival(
        workspace_id=task.workspace_id,
        provider=task.provider,
        connection_id=task.connection_id,
        event_id=new_id("read"),
        payload=_bytes(found.payload),
        kind="object",
        object=name,
        object_id=found.id,
        version=found.version,
        is_deleted=found.is_deleted,
    )


def _bytes(payload: Buffer) -> bytes:
    return bytes(memoryview(payload)) if isinstance(payload, msgspec.Raw) else bytes(payload)
