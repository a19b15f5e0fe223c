"""Who applies the inbox? Threads of one worker: a reader per store, one that asks, one that tidies.

Each goes on while another's engine is away, waiting longer after every failure, and finishes what
it has begun when it is told to stop. A commit to the inbox rings a bell (LISTEN), so that an idle
worker does nothing and a busy one works in batches.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.errors import EngineUnavailableError, OppulenceError
from core.inbox import CHANNEL
from core.logs import get_logger
from core.secrets import SecretBox
from core.settings import Settings
from core.warehouse import Warehouse
from core.webhooks.registry import SCHEMES
from pipelines.inbox import entries, landing, state
from pipelines.inbox.entries import Store
from pipelines.inbox.figures import count_applied, tell_figures
from pipelines.inbox.notices import request_syncs
from pipelines.inbox.parked import release_parked
from pipelines.inbox.refetching import Refetcher
from pipelines.inbox.retrying import retry_due
from pipelines.inbox.tidying import tidy
from pipelines.raw import RawTable, ensure_raw_tables

# A batch is what came since the last: rarely enough that ClickHouse gets few, large inserts.
BATCH_SECONDS: dict[Store, float] = {"postgres": 0.05, "clickhouse": 0.2}
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
TIDY_SECONDS = 5.0
LONGEST_PAUSE = 30.0

log = get_logger("pipelines.inbox")


@dataclass(slots=True)
class Worker:
    """What the threads share."""

    settings: Settings
    stop: threading.Event
    database: Database
    application: Database
    box: SecretBox
    bells: list[threading.Event] = field(default_factory=list)
    _warehouse: Warehouse | None = None

    def warehouse(self) -> Warehouse:
        """Return ClickHouse's client, made when ClickHouse first answers."""
        if self._warehouse is None:
            opened = Warehouse.connect(self.settings, pool_size=4)
            tables = [RawTable(provider, "event") for provider in SCHEMES]
            ensure_raw_tables(opened, tables, cluster=self.settings.clickhouse_cluster)
            self._warehouse = opened
        return self._warehouse

    def close(self) -> None:
        """Close the clients."""
        if self._warehouse is not None:
            self._warehouse.close()
        self.database.close()
        self.application.close()


def run_inbox(settings: Settings, stop_event: threading.Event) -> None:
    """Apply what arrives until `stop_event` is set."""
    with opened(settings, stop_event) as worker:
        turns: list[Callable[[], None]] = [
            lambda: _applying(worker, "postgres"),
            lambda: _applying(worker, "clickhouse"),
            lambda: _asking(worker),
            lambda: _tidying(worker),
            lambda: _listening(worker),
        ]
        with ThreadPoolExecutor(len(turns), "inbox") as threads:
            running = [threads.submit(_until_stopped, worker, turn) for turn in turns]
            for one in running:
                one.result()


@contextmanager
def opened(settings: Settings, stop_event: threading.Event) -> Iterator[Worker]:
    """Yield what the threads share, and close it."""
    worker = Worker(
        settings=settings,
        stop=stop_event,
        database=Database.connect(settings, role="system", size=6),
        application=Database.connect(settings, size=3),
        box=SecretBox.from_keys(settings.required("encryption_keys")),
    )
    try:
        yield worker
    finally:
        worker.close()


def apply_share(worker: Worker, store: Store) -> int:
    """Apply one share of the entries to a store; return how many there were.

    Raises:
        EngineUnavailableError: The store or Postgres is away; nothing has moved.
    """
    now = utc_now()
    warehouse = worker.warehouse() if store == "clickhouse" else None
    with worker.database.system() as rows:
        share = entries.take(rows, store, now)
        if not share.entries:
            return 0
        if warehouse is None:
            state.apply_entries(rows, share.entries, now)
        else:
            landing.apply_entries(rows, warehouse, share.entries, now)
        entries.move(rows, store, share.positions, utc_now())
        count_applied(rows, store, len(share.entries), now)
    return len(share.entries)


def _applying(worker: Worker, store: Store) -> None:
    bell = threading.Event()
    worker.bells.append(bell)
    retried_at = 0.0
    while not worker.stop.is_set():
        bell.clear()
        while not worker.stop.is_set() and apply_share(worker, store):
            worker.stop.wait(BATCH_SECONDS[store])
        if store == "postgres":
            request_syncs(worker.database, worker.application)
        if time.monotonic() - retried_at > RETRY_SECONDS:
            warehouse = worker.warehouse() if store == "clickhouse" else None
            retry_due(worker.database, store, warehouse)
            retried_at = time.monotonic()
        bell.wait(LOOK_SECONDS)


def _asking(worker: Worker) -> None:
    bell = threading.Event()
    worker.bells.append(bell)
    connections = ConnectionStore(worker.application, worker.box)
    refetcher = Refetcher(worker.settings, worker.database, connections)
    try:
        while not worker.stop.is_set():
            if not refetcher.turn():
                bell.wait(LOOK_SECONDS)
                bell.clear()
                worker.stop.wait(BATCH_SECONDS["clickhouse"])  # the task follows the entry
    finally:
        refetcher.close()


def _tidying(worker: Worker) -> None:
    while not worker.stop.is_set():
        now = utc_now()
        release_parked(worker.database, worker.application, worker.box)
        tidy(worker.database, now)
        tell_figures(worker.database, now)
        worker.stop.wait(TIDY_SECONDS)


def _listening(worker: Worker) -> None:
    url = worker.settings.required("database_system_url")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(f"listen {CHANNEL}")
            while not worker.stop.is_set():
                for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    for bell in worker.bells:
                        bell.set()
    except psycopg.OperationalError as error:
        raise EngineUnavailableError(f"Postgres did not answer: {error}") from error


def _until_stopped(worker: Worker, turn: Callable[[], None]) -> None:
    """Begin a turn again after every failure; a fault of ours ends the worker."""
    pause = 0.5
    while not worker.stop.is_set():
        started_at = time.monotonic()
        try:
            turn()
        except OppulenceError as error:
            if time.monotonic() - started_at > LONGEST_PAUSE:
                pause = 0.5
            log.warning("the inbox waits", code=error.code, reason=error.detail, seconds=pause)
            worker.stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        except BaseException:
            worker.stop.set()
            raise
