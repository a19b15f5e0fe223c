"""How is a provider pulled into the warehouse? The functions that everybody calls.

A run is a sequence of loads, each committed with the state that says what is left to read: after a
kill, the next call finishes what was extracted, then goes on where the last load ended. State is
restored from ClickHouse, so it survives the loss of this machine's disk. dlt is imported when a
run begins: those who only know this module (code server, worker) are spared its 80 MB.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

from core.connections import Connection
from core.errors import ConflictError
from core.logs import get_logger, quiet_drivers
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import registry
from pipelines.raw import DATABASE, ensure_raw_tables
from pipelines.reports import ConnectionOutcome, IngestReport
from pipelines.window import EVERYTHING, Window

if TYPE_CHECKING:
    import dlt

Progress = Callable[[Mapping[str, int]], None]

# Connections of one provider are spread over this many pipelines, so that no state grows without
# bound. Few, because a load costs a second and an insert per table, whatever it holds. Changing it
# leaves cursors behind in the old shards: their connections are then backfilled once more.
SHARDS = 2
CHUNK_ROWS = 200_000
FILE_ROWS = 25_000

log = get_logger("pipelines")


def prepare_warehouse(settings: Settings) -> None:
    """Create every provider's raw tables; idempotent. Call it once before dbt builds."""
    warehouse = Warehouse.connect(settings)
    try:
        ensure_raw_tables(warehouse, registry.raw_tables(), cluster=settings.clickhouse_cluster)
    finally:
        warehouse.close()


def shard_of(connection: Connection) -> int:
    """Return the pipeline to which a connection belongs, for good."""
    return crc32(connection.key.encode()) % SHARDS


def ingest_pipeline(settings: Settings, provider: str, shard: int = 0) -> "dlt.Pipeline":
    """Return the dlt pipeline of one provider and shard of connections."""
    import dlt

    from pipelines.destination import warehouse_destination

    _configure_dlt()
    return dlt.pipeline(
        pipeline_name=f"{provider}_{shard}",
        pipelines_dir=str(settings.data_dir / "dlt"),
        destination=warehouse_destination(settings),
        dataset_name=DATABASE,
    )


def backfill(
    settings: Settings,
    connections: Iterable[Connection],
    *,
    window: Window = EVERYTHING,
    objects: Sequence[str] | None = None,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> IngestReport:
    """Land what `connections` (of one provider) hold, side by side; resumes after a kill.

    Args:
        settings: The platform's configuration.
        connections: Connections of one provider.
        window: The span of `created` to cover; objects without that filter are listed whole.
        objects: Names as in `GROUPS`; None means all that are synced by default.
        progress: Called with rows landed per object after every committed load.
        chunk_rows: About how many rows one load holds, and so how much a kill costs.

    Raises:
        InvalidInputError: An object or provider that does not exist.
        ConflictError: Another process is loading the same connections.
    """
    return _run(settings, list(connections), window, objects, progress, chunk_rows)


def incremental(
    settings: Settings,
    connections: Iterable[Connection],
    *,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> IngestReport:
    """Land what changed since each connection's last run; the first run is a backfill."""
    return _run(settings, list(connections), None, None, progress, chunk_rows)


def _run(
    settings: Settings,
    connections: list[Connection],
    window: Window | None,
    objects: Sequence[str] | None,
    progress: Progress | None,
    chunk_rows: int,
) -> IngestReport:
    provider = connections[0].provider if connections else ""
    if not connections:
        return IngestReport(provider, ())
    package = registry.provider(provider)
    prepare_warehouse(settings)
    shards: dict[int, list[Connection]] = {}
    outcomes: list[ConnectionOutcome] = []
    for connection in connections:
        if reason := connection.unreadable():
            # Degraded, so that it is tried again: the key that is missing may be put back.
            outcomes.append(ConnectionOutcome(connection, "degraded", reason, complete=False))
        else:
            shards.setdefault(shard_of(connection), []).append(connection)
    load_ids: list[str] = []
    for shard, members in sorted(shards.items()):
        with _alone(settings, f"{provider}_{shard}"):
            pipeline = ingest_pipeline(settings, provider, shard)
            _finish_interrupted(pipeline)
            run = package.start(
                settings, members, window=window, objects=objects, chunk_rows=chunk_rows
            )
            while not run.is_done:
                with _foreseen():
                    info = pipeline.run(run.source())
                load_ids += info.loads_ids
                if progress is not None:
                    report = IngestReport(provider, (*outcomes, *run.outcomes()))
                    progress(report.rows)
            outcomes += run.outcomes()
    return IngestReport(provider, tuple(outcomes), tuple(load_ids))


def _finish_interrupted(pipeline: "dlt.Pipeline") -> None:
    """Load what an earlier run extracted and did not get to load."""
    if pipeline.has_pending_data:
        log.info("finishing an interrupted load", pipeline=pipeline.pipeline_name)
        with _foreseen():
            pipeline.run()


@contextmanager
def _foreseen() -> Iterator[None]:
    """Say in our words, and few, why a load did not end well."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    from pipelines.load_failures import cause_of

    try:
        yield
    except PipelineStepFailed as failed:
        if cause := cause_of(failed):
            raise cause from None
        raise


@contextmanager
def _alone(settings: Settings, name: str) -> Iterator[None]:
    """Keep a second process out of a pipeline's folder; the lock goes with the process."""
    folder = settings.data_dir / "dlt"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                "Another run is loading these connections.", next_step="Wait until it is done."
            ) from None
        yield


@cache
def _configure_dlt() -> None:
    """Set dlt's options, once in a process: quiet, few threads, nothing sent to its makers.

    dlt reads its options when it is imported, so those of its runtime are applied anew.
    """
    import dlt
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.runtime.telemetry import stop_telemetry

    dlt.config["runtime.dlthub_telemetry"] = False
    # It logs each attempt's traceback, hundreds of lines an attempt; what became of a load is
    # raised (`_foreseen`).
    dlt.config["runtime.log_level"] = "CRITICAL"
    quiet_drivers()
    # An INSERT runs its views in one thread: several files of a table are several at once, as many
    # as there are cores. Each takes 250-340 MB of the embedded engine; more gain nothing there.
    dlt.config["load.workers"] = min(4, max(2, os.cpu_count() or 2))
    dlt.config["data_writer.file_max_items"] = FILE_ROWS
    dlt.config["load.delete_completed_jobs"] = True
    stop_telemetry()
    Container()[PluggableRunContext].context.initialize_runtime()
