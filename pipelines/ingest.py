"""How is a provider pulled into the warehouse? The functions that everybody calls."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import dlt

from core.connections import Connection
from core.settings import Settings
from pipelines.reports import IngestReport
from pipelines.window import EVERYTHING, Window

Progress = Callable[[Mapping[str, int]], None]


def prepare_warehouse(settings: Settings) -> None:
    """Create every provider's raw tables; idempotent. Call it once before dbt builds."""
    raise NotImplementedError


def ingest_pipeline(settings: Settings, provider: str, shard: int = 0) -> dlt.Pipeline:
    """Return the dlt pipeline of one provider and shard of connections."""
    raise NotImplementedError


def backfill(
    settings: Settings,
    connections: Iterable[Connection],
    *,
    window: Window = EVERYTHING,
    objects: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Land what `connections` (of one provider) hold, side by side; resumes after a kill.

    Args:
        settings: The platform's configuration.
        connections: Connections of one provider.
        window: The span of `created` to cover; objects without that filter are listed whole.
        objects: Names as in `GROUPS`; None means all that are synced by default.
        progress: Called with rows landed per object after every committed load.
    """
    raise NotImplementedError


def incremental(
    settings: Settings,
    connections: Iterable[Connection],
    *,
    objects: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Land what changed since each connection's last run; the first run is a backfill."""
    raise NotImplementedError
