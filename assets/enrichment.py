"""What is known of transactions beyond what providers say? Two steps: train models, score rows.

    ml.registry → models (Postgres and object store) → unified.enrichments → the read API

A step costs little where nothing is due: models are trained when they are old or corrected, rows
are scored when they land (`assets.enrichment_training`, `assets.enrichment_scoring`).
"""

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
)
from obstore.store import ObjectStore

from assets.enrichment_drift import DRIFT, DRIFTED, evaluate_drift
from assets.enrichment_scoring import Scored, score_all
from assets.enrichment_training import Outcome, train_due
from assets.translator import ENRICHMENT_GROUP, OWNERS
from core.clock import utc_now
from core.database import Database
from core.settings import Settings
from core.warehouse import Warehouse
from ml.registry import trainings
from ml.store import OpenModels
from ml.tables import prepare_tables

MODELS = AssetKey(["ml", "models"])
# What came of retries: a workspace's own model of propensity learns from it, once it is built.
TRIES = AssetKey(["marts", "fct_recovery_attempts"])
FINDINGS = AssetKey(["unified", "enrichments"])
_READS = (
    "transactions", "accounts", "balance_transactions", "accounting_entries",
    "accounting_accounts",
)  # fmt: skip
_SET_UP = """
select count() as tables from system.tables
where database = 'unified' and name in {names:Array(String)}
"""


def build_enrichment_assets() -> list[AssetsDefinition]:
    """Return the models and the findings, with the check of their drift."""

    @asset(
        key=MODELS, group_name=ENRICHMENT_GROUP, owners=OWNERS, kinds={"python", "scikitlearn"},
        description=f"Models of {', '.join(sorted({made.name for made, _ in trainings()}))}.",
        deps=[*(AssetKey(["unified", name]) for name in _READS), TRIES],
    )  # fmt: skip
    def enrichment_models(
        context: AssetExecutionContext,
        warehouse: ResourceParam[Warehouse],
        system_database: ResourceParam[Database],
        objects: ResourceParam[ObjectStore],
    ) -> MaterializeResult[None]:
        outcomes = []
        if is_set_up(warehouse):
            outcomes = list(train_due(warehouse, system_database, objects, utc_now()))
        context.log.info("Trained %d models.", len(outcomes))
        return MaterializeResult(metadata={"trained": MetadataValue.json(_told(outcomes))})

    @asset(
        key=FINDINGS, group_name=ENRICHMENT_GROUP, owners=OWNERS, kinds={"python", "clickhouse"},
        description="One finding per transaction and facet: value, confidence, evidence.",
        deps=[MODELS, *(AssetKey(["unified", name]) for name in _READS[:3])],
        check_specs=[AssetCheckSpec(DRIFT, asset=FINDINGS, description=evaluate_drift.__doc__)],
    )  # fmt: skip
    def enrichments(
        context: AssetExecutionContext,
        settings: ResourceParam[Settings],
        warehouse: ResourceParam[Warehouse],
        system_database: ResourceParam[Database],
        objects: ResourceParam[ObjectStore],
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        prepare_tables(warehouse, cluster=settings.clickhouse_cluster)
        scored: dict[str, Scored] = {}
        if is_set_up(warehouse):
            scored = score_all(warehouse, system_database, OpenModels(objects), utc_now())
        context.log.info("Scored %d workspaces.", len(scored))
        rows = sum(one.rows for one in scored.values())
        changed = sum(one.changed for one in scored.values())
        yield MaterializeResult(metadata={"scored_rows": rows, "changed_rows": changed})
        yield evaluate_drift(warehouse.rows(DRIFTED, {"today": utc_now().date()}))

    return [enrichment_models, enrichments]


def is_set_up(warehouse: Warehouse) -> bool:
    """Say whether dbt has set up what is read here; before, there is nothing to enrich."""
    (found,) = warehouse.rows(_SET_UP, {"names": list(_READS)})
    return bool(found["tables"] == len(_READS))


def _told(outcomes: list[Outcome]) -> list[dict[str, object]]:
    return [
        {"facet": one.facet, "workspace": one.workspace_id, "verdict": one.verdict,
         "score": one.score}
        for one in outcomes
    ]  # fmt: skip
