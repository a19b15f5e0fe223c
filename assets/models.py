"""How do dbt's models become Dagster assets? One step that runs dbt over what is selected.

The streaming layer (staging, unified) is set up once and then fills itself, the marts are built on
schedules: both are selections of the same step (`orchestration/jobs.py`). A run over both starts
dbt twice, so that the marts see filled tables. dbt's tests are the checks of the models they test.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetMaterialization,
    AssetObservation,
    AssetsDefinition,
    Config,
    Output,
    ResourceParam,
)
from pydantic import Field

from assets.dagster_dbt_alone import DagsterDbtCliRuntimeError, dbt_assets
from assets.dbt_cli import DbtCli
from assets.model_translator import ModelTranslator
from assets.progress import Listener
from assets.translator import feeding, model_key
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse
from reconciliation.tables import prepare_tables

DbtEvent = (
    Output[Any] | AssetMaterialization | AssetObservation | AssetCheckResult | AssetCheckEvaluation
)
HOLDS_NO_ROWS = ("materialized_view", "view", "ephemeral")


class BuildConfig(Config):
    """How dbt builds."""

    full_refresh: bool = Field(
        default=False, description="Rebuild beside the old tables, then swap."
    )


def build_model_assets(manifest: Mapping[str, Any]) -> AssetsDefinition:
    """Return the dbt project's models, seeds and tests as assets and checks of one step."""
    nodes = manifest["nodes"]
    views = output_names(
        manifest, lambda node: nodes[node]["config"].get("materialized") in HOLDS_NO_ROWS
    )
    targets = output_names(manifest, lambda node: bool(feeding(manifest, node)))

    @dbt_assets(manifest=manifest, name="dbt_models", dagster_dbt_translator=ModelTranslator())
    def model_assets(
        context: AssetExecutionContext,
        config: BuildConfig,
        settings: ResourceParam[Settings],
        dbt: ResourceParam[DbtCli],
        warehouse: ResourceParam[Warehouse],
        progress: ResourceParam[Listener],
    ) -> Iterator[DbtEvent]:
        prepare_warehouse(settings)  # the feeds read raw tables, which must exist, if empty
        prepare_tables(warehouse, cluster=settings.clickhouse_cluster)  # so must the verdicts'
        # Unit tests are of the code, not of the rows: they belong to `make test`.
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        if config.full_refresh:
            arguments.append("--full-refresh")
        events = (event for start in dbt.start(arguments, context) for event in start.stream())
        for event in in_lineage_order(progress.read(events), upstream(context), targets):
            if isinstance(event, Output) and event.output_name not in views:
                yield counted(event, context, warehouse, progress)
            else:
                yield event

    return model_assets


def upstream(context: AssetExecutionContext) -> dict[str, frozenset[str]]:
    """Return, for each selected output, the selected outputs that it depends on."""
    names = {key: key.to_python_identifier() for key in context.selected_asset_keys}
    return {
        names[spec.key]: frozenset(
            names[dep.asset_key] for dep in spec.deps if dep.asset_key in names
        )
        for spec in context.assets_def.specs
        if spec.key in names
    }


def in_lineage_order(
    events: Iterable[DbtEvent], needs: Mapping[str, frozenset[str]], targets: Container[str]
) -> Iterator[DbtEvent]:
    """Yield the events, with outputs held back until their lineage and their rows are there.

    dbt finishes a streaming target while it is empty, before what feeds it; its rows can be counted
    when dbt is done. Dagster takes an output only after those it depends on. So targets and what
    depends on them are yielded at the end, in lineage order; all else as it happens. What was built
    is told even if dbt failed later.
    """
    held: dict[str, Output[Any]] = {}
    try:
        for event in events:
            if not isinstance(event, Output):
                yield event
            elif event.output_name in targets or needs[event.output_name] & held.keys():
                held[event.output_name] = event
            else:
                yield event
    except DagsterDbtCliRuntimeError:
        yield from _sorted(held, needs)
        raise
    yield from _sorted(held, needs)


def _sorted(
    held: Mapping[str, Output[Any]], needs: Mapping[str, frozenset[str]]
) -> Iterator[Output[Any]]:
    graph = {name: needs[name] & held.keys() for name in held}
    return (held[name] for name in TopologicalSorter(graph).static_order())


def counted(
    event: Output[Any], context: AssetExecutionContext, warehouse: Warehouse, progress: Listener
) -> Output[Any]:
    """Return a table's output with the number of rows that it stores, and tell the listener."""
    relation = ".".join(context.op_execution_context.asset_key_for_output(event.output_name).path)
    rows = int(warehouse.rows(f"select count() as rows from {relation}")[0]["rows"])
    if progress.on_progress:
        progress.on_progress({relation: rows})
    return event.with_metadata({**event.metadata, "dagster/row_count": rows})


def output_names(manifest: Mapping[str, Any], wanted: Callable[[str], bool]) -> frozenset[str]:
    """Return Dagster's output names of the nodes that `wanted` picks by unique id."""
    return frozenset(
        model_key(node).to_python_identifier()
        for unique_id, node in manifest["nodes"].items()
        if wanted(unique_id)
    )
