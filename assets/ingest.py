"""How does a provider's pull become Dagster assets? One factory: a table an asset, a pull a step.

Every raw table is an asset, partitioned by connection. A run is one step over one dlt pipeline,
however many tables and connections it covers: connections share the provider's process, and each
keeps its own rate limit. A connection that fails loses its own partitions only: what landed is
recorded first, then the step fails and names it. Why not `@dlt_assets`: docs/decisions/0009.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    Config,
    MaterializeResult,
    ResourceParam,
    multi_asset,
)
from pydantic import Field

from assets.landings import failure_of, landings
from assets.materializations import Materialized, describe, tell
from assets.partition_metadata import add_partition_metadata
from assets.partitions import connection_partitions
from assets.progress import Listener
from assets.retries import TRANSIENT, only_transient_retried
from assets.translator import ingest_specs, object_of, raw_key
from assets.windows import parse_window
from core.connections import Connection, ConnectionStore
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines import ingest
from pipelines.raw import RawTable


class BackfillConfig(Config):
    """What a backfill covers; without values, everything that is synced by default."""

    since: str | None = Field(None, description="Created at or after: 2025-01-31 or a time with Z.")
    until: str | None = Field(None, description="Created before: 2025-01-31 or a time with Z.")
    objects: list[str] | None = Field(
        None, description="The provider's names: charge, checkout.session."
    )


def build_ingest_assets(provider: str) -> AssetsDefinition:
    """Return the provider's raw tables as assets of one step."""
    specs = ingest_specs(provider)

    @multi_asset(
        name=f"{provider}_ingest",
        specs=specs,
        partitions_def=connection_partitions(provider),
        backfill_policy=BackfillPolicy.single_run(),
        can_subset=True,
        retry_policy=TRANSIENT,
    )
    def ingest_assets(
        context: AssetExecutionContext,
        config: BackfillConfig,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
        warehouse: ResourceParam[Warehouse],
        progress: ResourceParam[Listener],
    ) -> Iterator[MaterializeResult[None]]:
        started = time.monotonic()
        selected = [spec for spec in specs if spec.key in context.selected_asset_keys]
        chosen, gone = chosen_connections(context.partition_keys, connections.all_of(provider))
        with only_transient_retried():
            report = ingest.backfill(
                settings,
                chosen,
                window=parse_window(config.since, config.until),
                objects=config.objects or objects_of(selected, specs),
                progress=progress.or_log(context.log.info),
            )
        seconds = time.monotonic() - started
        tell(context.op_execution_context, connections, warehouse, report, seconds)
        names = [name for name in map(object_of, selected) if name in (config.objects or [name])]
        described = describe(warehouse, provider, landings(report, names), seconds)
        yield from materialize(context, provider, described)
        if problem := failure_of(report, gone):
            raise problem

    return ingest_assets


def chosen_connections(
    keys: Sequence[str], known: Sequence[Connection]
) -> tuple[list[Connection], list[str]]:
    """Return the connections of a run's partitions, and the keys that have none any more.

    A connection may be revoked after the run was asked for; the others of the run still land.
    """
    by_key = {connection.key: connection for connection in known}
    chosen = [by_key[key] for key in keys if key in by_key]
    return chosen, [key for key in keys if key not in by_key]


def objects_of(selected: Sequence[AssetSpec], specs: Sequence[AssetSpec]) -> list[str] | None:
    """Return the selected assets' objects, or None for all of them."""
    return None if len(selected) == len(specs) else [object_of(spec) for spec in selected]


def materialize(
    context: AssetExecutionContext, provider: str, described: Sequence[Materialized]
) -> Iterator[MaterializeResult[None]]:
    """Record each landed partition: an asset's output if all its partitions landed, else alone.

    Dagster takes an output for a materialisation of every partition of the run, so an asset of
    which one partition failed gets none, and its good partitions are recorded one by one.
    """
    by_key: dict[AssetKey, list[Materialized]] = defaultdict(list)
    for item in described:
        by_key[raw_key(RawTable(provider, item.landing.object).name)].append(item)
    number = len(context.partition_keys)
    whole = {key: items for key, items in by_key.items() if len(items) == number}
    add_partition_metadata(
        context,
        {
            (key, item.landing.connection.key): item.metadata
            for key, items in whole.items()
            for item in items
        },
    )
    for key, items in by_key.items():
        if key in whole:
            yield MaterializeResult(asset_key=key)
        else:
            for item in items:
                context.log_event(
                    AssetMaterialization(
                        key, partition=item.landing.connection.key, metadata=item.metadata
                    )
                )
