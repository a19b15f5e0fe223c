"""How do changes get in between backfills? One op over every connection that can be asked.

Runs every few minutes beside the worker's tail, as a net. It is an op, not a run of the partitioned
assets, because Dagster writes a row per asset and partition into its database when such a run is
planned: 81 tables times 200 connections, each time, to say that nearly nothing changed. The op
records a materialisation only where rows landed.
"""

import time

from dagster import (
    AssetMaterialization,
    Config,
    OpDefinition,
    OpExecutionContext,
    ResourceParam,
    op,
)
from pydantic import Field

from assets.landings import failure_of, landings
from assets.materializations import describe, tell
from assets.progress import Listener
from assets.retries import TRANSIENT, only_transient_retried
from assets.translator import ingest_specs, object_of, raw_key
from core.connections import Connection, ConnectionStore
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import ingest
from pipelines.raw import RawTable


class SyncConfig(Config):
    """What a sync covers; without a value, all connections whose key is taken."""

    connections: list[str] | None = Field(None, description="Keys: workspace|connection.")


def build_sync_op(provider: str) -> OpDefinition:
    """Return the op that lands what changed since each connection's last run."""
    names = [object_of(spec) for spec in ingest_specs(provider)]

    @op(name=f"{provider}_sync_changes", retry_policy=TRANSIENT)
    def sync(
        context: OpExecutionContext,
        config: SyncConfig,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
        warehouse: ResourceParam[Warehouse],
        progress: ResourceParam[Listener],
    ) -> None:
        started = time.monotonic()
        with only_transient_retried():
            report = ingest.incremental(
                settings,
                askable(connections.all_of(provider), config.connections),
                progress=progress.or_log(context.log.info),
            )
        seconds = time.monotonic() - started
        tell(context, connections, warehouse, report, seconds)
        landed = [landing for landing in landings(report, names) if landing.rows]
        for item in describe(warehouse, provider, landed, seconds):
            context.log_event(
                AssetMaterialization(
                    raw_key(RawTable(provider, item.landing.object).name),
                    partition=item.landing.connection.key,
                    metadata=item.metadata,
                )
            )
        if problem := failure_of(report):
            raise problem

    return sync


def askable(connections: list[Connection], keys: list[str] | None) -> list[Connection]:
    """Return the connections to ask: those named, or all whose key the provider still takes.

    A connection that waits for its user's consent failed once, and says so in its status; asking
    again every few minutes would only fail every run.
    """
    if keys is not None:
        return [connection for connection in connections if connection.key in set(keys)]
    return [c for c in connections if c.status in ("active", "degraded")]
