"""Which jobs are there? Per provider backfill, sync, checks, audit, repair; models, by layer too.

Every job runs in one process: the work is in dlt's threads, in dbt and in ClickHouse, and a process
per step would only start Python again. Jobs with the same `oppulence/exclusive` tag wait for each
other (`dagster.yaml`).
"""

from dagster import (
    AssetChecksDefinition,
    AssetSelection,
    JobDefinition,
    OpDefinition,
    define_asset_job,
    in_process_executor,
    job,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.activity import SUITE_OF_MONEY, build_activity_checks
from assets.audit import build_audit_checks
from assets.checks import build_raw_checks
from assets.expectations import build_expectation_checks
from assets.reconciliation import RECONCILIATION_GROUP
from assets.rejections import build_rejection_checks
from assets.repair import build_repair_op
from assets.suites import SUITES
from assets.sync import build_sync_op
from assets.translator import ENRICHMENT_GROUP, RECOVERY_GROUP, ingest_specs

EXCLUSIVE_TAG = "oppulence/exclusive"
ENRICHMENT = AssetSelection.groups(ENRICHMENT_GROUP)
STREAMING = AssetSelection.key_prefixes("staging", "unified") - ENRICHMENT
RECONCILIATION = AssetSelection.groups(RECONCILIATION_GROUP)
MARTS = AssetSelection.key_prefixes("marts") - RECONCILIATION
# Views fill the typed layer, so that no run of it is due, which would test it on the way.
CONSERVED = AssetSelection.all_asset_checks() & STREAMING


def backfill_job(provider: str) -> UnresolvedAssetJobDefinition:
    """Return the job that lands a window of everything that connections hold."""
    return define_asset_job(
        f"{provider}_backfill",
        AssetSelection.assets(*(spec.key for spec in ingest_specs(provider))).without_checks(),
        description="Land what the chosen connections (partitions) hold, one run for all of them.",
        tags={EXCLUSIVE_TAG: f"{provider}_ingest"},
        executor_def=in_process_executor,
    )


def sync_job(provider: str) -> JobDefinition:
    """Return the job that lands what changed since each connection's last run."""
    sync: OpDefinition = build_sync_op(provider)

    @job(
        name=f"{provider}_sync",
        description="Land what changed, for every connection whose key is taken.",
        tags={EXCLUSIVE_TAG: f"{provider}_ingest"},
        executor_def=in_process_executor,
    )
    def sync_changes() -> None:
        sync()

    return sync_changes


def checks_job(provider: str) -> UnresolvedAssetJobDefinition:
    """Return the job that looks at what has landed; it asks the provider nothing."""
    checks = [build_raw_checks(provider), build_rejection_checks(provider)]
    if provider in SUITES:
        checks.append(build_expectation_checks(provider))
    if provider in SUITE_OF_MONEY:
        checks.append(build_activity_checks(provider))
    return define_asset_job(
        f"{provider}_checks",
        AssetSelection.checks(*checks),
        description="Shape, freshness, unreadable rows, expectations; is each day as usual?",
        executor_def=in_process_executor,
    )


def audit_job(provider: str) -> UnresolvedAssetJobDefinition:
    """Return the job that reads the provider anew and compares."""
    return define_asset_job(
        f"{provider}_audit",
        AssetSelection.checks(build_audit_checks(provider)),
        description="Counts and hashes per object and day, against the provider's own lists.",
        executor_def=in_process_executor,
    )


def repair_job(provider: str) -> JobDefinition:
    """Return the job that mends what an audit finds: it may fetch, and it may bury."""
    mend: OpDefinition = build_repair_op(provider)

    @job(
        name=f"{provider}_repair",
        description="Fetch what the warehouse lacks of some days, bury what the provider has lost.",
        tags={EXCLUSIVE_TAG: f"{provider}_ingest"},
        executor_def=in_process_executor,
    )
    def repair_gaps() -> None:
        mend()

    return repair_gaps


def reconciliation_job() -> UnresolvedAssetJobDefinition:
    """Return the job that matches payouts with bank deposits and accounting entries."""
    return define_asset_job(
        "reconciliation",
        RECONCILIATION,
        description="Match payouts, deposits and entries of the workspaces whose rows changed.",
        tags={EXCLUSIVE_TAG: "reconciliation"},
        executor_def=in_process_executor,
    )


def enrichment_job() -> UnresolvedAssetJobDefinition:
    """Return the job that trains the models that are due and scores what landed."""
    return define_asset_job(
        "enrichment",
        ENRICHMENT,
        description="Train what is due, score the transactions that landed or changed.",
        tags={EXCLUSIVE_TAG: "enrichment"},
        executor_def=in_process_executor,
    )


def recovery_job() -> UnresolvedAssetJobDefinition:
    """Return the job that asks the API for actions on failures that no flow takes."""
    return define_asset_job(
        "recovery_actions",
        AssetSelection.groups(RECOVERY_GROUP),
        description="Ask the API to try again, or to write, where no flow takes a failed payment.",
        tags={EXCLUSIVE_TAG: "recovery_actions"},
        executor_def=in_process_executor,
    )


def freshness_job(checks: AssetChecksDefinition) -> UnresolvedAssetJobDefinition:
    """Return the job that asks dbt how fresh its sources are."""
    return define_asset_job(
        "source_freshness",
        AssetSelection.checks(checks),
        description="dbt source freshness: is what the models read as young as promised?",
        executor_def=in_process_executor,
    )


def model_jobs() -> list[UnresolvedAssetJobDefinition]:
    """Return the jobs over dbt's models: all, the streaming layer and its tests, the marts."""
    selections = {
        "models": (STREAMING | MARTS, "Build the typed layer, then the marts; run their tests."),
        "streaming": (
            STREAMING,
            "Set up or rebuild the typed tables and the views that fill them.",
        ),
        "conservation": (
            CONSERVED,
            "Is every raw row in the typed layer once, and does it add up?",
        ),
        "marts": (MARTS, "Bring the marts up to what has landed."),
    }
    return [
        define_asset_job(
            name,
            selection,
            description=description,
            tags={EXCLUSIVE_TAG: "dbt"},
            executor_def=in_process_executor,
        )
        for name, (selection, description) in selections.items()
    ]
