"""What is there? The table of contents: every asset, check, job, schedule, sensor and resource.

Importing this module reads nothing. `defs` is called when Dagster loads the code location (or by
`orchestration.runs`), and only then is dbt's manifest read, and parsed if the project has changed.
Show it: `dagster definitions validate -m orchestration.definitions`.
"""

from collections.abc import Callable
from functools import cache

from dagster import Definitions, definitions, in_process_executor

from assets.activity import SUITE_OF_MONEY, build_activity_checks
from assets.audit import build_audit_checks
from assets.checks import build_raw_checks
from assets.connection_states import build_connection_states
from assets.expectations import build_expectation_checks
from assets.ingest import build_ingest_assets
from assets.progress import SILENT, Listener
from assets.reconciliation import build_reconciliation_assets
from assets.rejections import build_rejection_checks
from assets.suites import SUITES
from core.settings import Settings, load_settings
from orchestration.alerts import alert_sensors
from orchestration.jobs import (
    audit_job,
    backfill_job,
    checks_job,
    enrichment_job,
    freshness_job,
    model_jobs,
    reconciliation_job,
    recovery_job,
    repair_job,
    sync_job,
)
from orchestration.resources import build_resources
from orchestration.schedules import job_schedules, provider_schedules, recovery_schedule
from orchestration.sensors import connection_sensor, streaming_models_changed
from pipelines.registry import AUDITED, PROVIDERS, REPAIRED

PROVIDER_JOBS = (backfill_job, sync_job, checks_job)


@cache  # half a second of work, for each of a command's runs
def ingest_definitions() -> Definitions:
    """Return what belongs to providers: assets, checks over the raw edge, and when they run."""
    return Definitions(
        assets=[build_ingest_assets(provider) for provider in PROVIDERS],
        asset_checks=[
            *(
                build(provider)
                for provider in PROVIDERS
                for build in (build_raw_checks, build_rejection_checks)
            ),
            *(build_expectation_checks(provider) for provider in SUITES),
            *(build_activity_checks(provider) for provider in SUITE_OF_MONEY),
            *(build_audit_checks(provider) for provider in AUDITED),
        ],
        jobs=[
            *(build(provider) for provider in PROVIDERS for build in PROVIDER_JOBS),
            *(audit_job(provider) for provider in AUDITED),
            *(repair_job(provider) for provider in REPAIRED),
        ],
        schedules=[schedule for provider in PROVIDERS for schedule in provider_schedules(provider)],
        sensors=[
            *(connection_sensor(provider) for provider in PROVIDERS),
            *alert_sensors(),
        ],
    )


def model_definitions(settings: Settings) -> Definitions:
    """Return what belongs to dbt."""
    from assets.manifest import load_manifest  # dbt takes seconds to import: only when loaded
    from assets.models import build_model_assets
    from assets.source_freshness import build_source_freshness_checks

    manifest = load_manifest(settings.dbt_project_dir, settings.dbt_environment())
    freshness = build_source_freshness_checks(manifest)
    return Definitions(
        assets=[build_model_assets(manifest)],
        asset_checks=[freshness],
        jobs=[*model_jobs(), freshness_job(freshness)],
        schedules=job_schedules("marts", "conservation", "source_freshness"),
        sensors=[streaming_models_changed],
    )


def reconciliation_definitions() -> Definitions:
    """Return what says where each payout went, and what is mirrored beside it."""
    return Definitions(
        assets=[build_reconciliation_assets(), build_connection_states()],
        jobs=[reconciliation_job()],
        schedules=job_schedules("reconciliation"),
    )


def enrichment_definitions() -> Definitions:
    """Return what explains transactions."""
    from assets.enrichment import build_enrichment_assets  # scikit-learn takes seconds to import

    return Definitions(
        assets=build_enrichment_assets(),
        jobs=[enrichment_job()],
        schedules=job_schedules("enrichment"),
    )


def recovery_definitions() -> Definitions:
    """Return what acts on failed payments that no flow takes."""
    from assets.recovery import build_recovery_assets  # and so does its model

    return Definitions(
        assets=[build_recovery_assets()], jobs=[recovery_job()], schedules=[recovery_schedule]
    )


def with_resources(
    parts: Definitions,
    read_settings: Callable[[], Settings] = load_settings,
    listener: Listener = SILENT,
) -> Definitions:
    """Return the parts bound to resources."""
    resources = build_resources(read_settings, listener)
    return Definitions.merge(parts, Definitions(resources=resources, executor=in_process_executor))


@definitions
def defs() -> Definitions:
    """Return everything, as Dagster loads it."""
    return with_resources(
        Definitions.merge(
            ingest_definitions(),
            model_definitions(load_settings()),
            reconciliation_definitions(),
            enrichment_definitions(),
            recovery_definitions(),
        )
    )
