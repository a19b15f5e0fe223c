"""How is a change seen where no webhook reaches, or one got lost? The worker asks for events.

Those that did not come go to the inbox, which applies them like those that did. (Without one, rows
go straight to the raw tables, not through dlt: a load of dlt's writes a package, a state row and a
load row, which every few seconds and for every connection would cost more than the events.)
The position of each connection is a row of raw.cursor, written after the rows that it covers;
after a kill, the same events are read again and change nothing. Dagster's incremental run has its
own cursor and remains the net below this one.
"""

import asyncio
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database
from core.errors import EngineUnavailableError, OppulenceError, ProviderError
from core.inbox import APPEND, Arrival, append_values
from core.logs import get_logger
from core.secrets import SecretBox
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import registry
from pipelines.batches import Sink
from pipelines.ingest import prepare_warehouse
from pipelines.raw import RawTable

LONGEST_PAUSE = 300.0
REFRESH_SECONDS = 15.0
STOP_SECONDS = 8.0  # less than a supervisor waits before it kills

Connections = Callable[[], Sequence[Connection]]
OnRefused = Callable[[Connection, str], None]

log = get_logger("pipelines.tail")


def run_tail(settings: Settings, stop_event: threading.Event) -> None:
    """Follow every active connection until `stop_event` is set; what was begun is finished."""
    database = Database.connect(settings, role="system", size=2)
    application = Database.connect(settings, size=2)
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    try:
        listing = ConnectionStore(database, box)
        writing = ConnectionStore(application, box)

        def connections() -> list[Connection]:
            return [c for name in registry.TAILS for c in listing.all_of(name)]

        def refused(connection: Connection, reason: str) -> None:
            writing.record_status(connection, "reconsent_required", reason)

        def keep(connection: Connection, events: registry.Events) -> None:
            arrivals = [
                Arrival(str(connection.tenant), connection.provider, connection.id, event_id,
                        payload, origin="poll")
                for event_id, payload in events
            ]  # fmt: skip
            with database.system() as rows:
                rows.execute(APPEND, append_values(arrivals))

        follow(settings, stop_event, connections, refused, keep=keep)
    finally:
        database.close()
        application.close()


def follow(
    settings: Settings,
    stop_event: threading.Event,
    connections: Connections,
    refused: OnRefused,
    *,
    refresh_seconds: float = REFRESH_SECONDS,
    keep: registry.Keep | None = None,
) -> None:
    """Follow whatever `connections` returns, asked again every `refresh_seconds`.

    Args:
        settings: The platform's configuration.
        stop_event: Ends it.
        connections: Whom to follow.
        refused: Told of a connection whose credentials are not taken.
        refresh_seconds: How often `connections` is asked.
        keep: Takes events; without it they are applied to the raw tables here.
    """
    prepare_warehouse(settings)
    warehouse = Warehouse.connect(settings)
    try:
        asyncio.run(
            _follow_all(
                settings, stop_event, warehouse, connections, refused, refresh_seconds, keep
            )
        )
    finally:
        warehouse.close()


async def _follow_all(
    settings: Settings,
    stop_event: threading.Event,
    warehouse: Warehouse,
    connections: Connections,
    refused: OnRefused,
    refresh_seconds: float,
    keep: registry.Keep | None,
) -> None:
    stop = asyncio.Event()
    following: dict[str, tuple[Connection, asyncio.Task[None]]] = {}
    wanted: dict[str, Connection] = {}
    while not stop_event.is_set():
        try:
            wanted = {c.key: c for c in await asyncio.to_thread(connections)}
        except EngineUnavailableError as error:
            log.warning("connections unknown, following those known", reason=error.detail)
        for key, (connection, task) in list(following.items()):
            if _account(wanted.get(key)) != _account(connection):
                task.cancel()
                await asyncio.wait([task])
                del following[key]
            elif task.done() and (fault := task.exception()):
                # A fault of ours: seen with its traceback (as text, without locals, which hold
                # keys), and this connection is begun anew.
                trace = "".join(traceback.format_exception(fault))
                log.error("tail broke", connection=connection.id, fault=trace)
                del following[key]
        for key, connection in wanted.items():
            if key not in following:
                work = _follow_one(settings, warehouse, connection, stop, refused, keep)
                following[key] = (connection, asyncio.create_task(work))
        await asyncio.to_thread(stop_event.wait, refresh_seconds)
    stop.set()
    tasks = [task for _, task in following.values()]
    if tasks:
        _, waiting = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in waiting:  # for a provider that does not answer: nothing is lost, see `_look`
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _account(connection: Connection | None) -> object:
    """Return what makes it necessary to follow anew; a status or a sync's time does not."""
    return connection and (connection.api_url, connection.credentials)


async def _follow_one(
    settings: Settings,
    warehouse: Warehouse,
    connection: Connection,
    stop: asyncio.Event,
    refused: OnRefused,
    keep: registry.Keep | None,
) -> None:
    """Look every `poll_seconds`; a connection that fails waits longer, alone, and begins anew."""
    pause = settings.poll_seconds
    while not stop.is_set():
        try:
            async with registry.TAILS[connection.provider](settings, connection, keep) as tail:
                position = await asyncio.to_thread(_position, warehouse, connection)
                while not stop.is_set():
                    moved_to = await _look(tail, warehouse, connection, position)
                    if moved_to != position:
                        await asyncio.to_thread(_move, warehouse, connection, moved_to)
                        position = moved_to
                    pause = settings.poll_seconds
                    await _wait(stop, pause)
        except OppulenceError as error:
            log.warning("tail failed", connection=connection.id, reason=error.detail)
            if isinstance(error, ProviderError) and error.status == 401:
                await asyncio.to_thread(refused, connection, error.detail)
                return
            pause = min(pause * 2, LONGEST_PAUSE)
            await _wait(stop, pause)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _look(
    tail: registry.Tail, warehouse: Warehouse, connection: Connection, position: int
) -> int:
    sink = Sink()

    async def read() -> int:
        try:
            return await tail.look(position, sink)
        finally:
            sink.finish()

    reader = asyncio.create_task(read())
    try:
        while (batch := await sink.next_batch()) is not None:
            table = RawTable(connection.provider, batch.resource).name
            await asyncio.to_thread(warehouse.insert_arrow, table, batch.rows)
        moved_to = await reader
    finally:
        reader.cancel()  # rows that could not be stored leave nothing behind that still reads
    tail.landed()
    return moved_to


def _position(warehouse: Warehouse, connection: Connection) -> int:
    rows = warehouse.rows(
        "select position from raw.cursor final where workspace_id = {workspace:String}"
        " and connection_id = {connection:String} and name = 'events'",
        {"workspace": str(connection.tenant), "connection": connection.id},
    )
    return int(rows[0]["position"]) if rows else 0


def _move(warehouse: Warehouse, connection: Connection, position: int) -> None:
    now = utc_now()
    row = [str(connection.tenant), connection.id, "events", position, now]
    columns = ("workspace_id", "connection_id", "name", "position", "moved_at")
    warehouse.insert_rows("raw.cursor", [row], columns)
    lag = epoch_microseconds(now) // 1_000_000 - position
    log.info("tail moved", connection=connection.id, newest_event_seconds_ago=lag)
