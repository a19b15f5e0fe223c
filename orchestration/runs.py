"""How does the command line run a job? In its own process, recorded where Dagster's UI sees it.

Each function takes complete settings (every URL set) and returns a `RunOutcome`; a failed run is an
outcome, not an exception. Runs that should outlive the caller go to a webserver instead:
`orchestration/submission.py`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from dagster import AssetKey, DagsterInstance, Definitions, ExecuteInProcessResult

from assets.progress import Listener, Progress
from core.connections import Connection
from core.settings import Settings
from orchestration.definitions import (
    enrichment_definitions,
    ingest_definitions,
    model_definitions,
    reconciliation_definitions,
    with_resources,
)
from orchestration.instance import open_instance
from orchestration.outcomes import NOTHING, RunOutcome, outcome_of
from orchestration.partitions import ensure_partitions, range_tags, ranges
from orchestration.run_config import (
    audit_config,
    backfill_config,
    build_config,
    repair_config,
    sync_config,
)

# The events are in Dagster's database; a terminal wants the outcome, not a hundred lines.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_backfill(
    settings: Settings,
    connections: Sequence[Connection],
    *,
    since: str | None = None,
    until: str | None = None,
    objects: Sequence[str] | None = None,
    on_progress: Progress | None = None,
    instance: DagsterInstance | None = None,
) -> RunOutcome:
    """Land a window of what `connections` hold: one run per provider and range of partitions."""
    outcome = NOTHING
    with _opened(settings, instance) as dagster:
        definitions = _bound(ingest_definitions(), settings, on_progress)
        for provider in dict.fromkeys(c.provider for c in connections):
            own = [c for c in connections if c.provider == provider]
            known = ensure_partitions(dagster, provider, own)
            for first, last in ranges((c.key for c in own), known):
                outcome += _execute(
                    dagster,
                    definitions,
                    f"{provider}_backfill",
                    backfill_config(provider, since=since, until=until, objects=objects),
                    range_tags(first, last),
                )
    return outcome


def run_incremental(
    settings: Settings,
    provider: str,
    *,
    connections: Sequence[Connection] | None = None,
    on_progress: Progress | None = None,
    instance: DagsterInstance | None = None,
) -> RunOutcome:
    """Land what changed: for `connections`, or for all of the provider's whose key is taken."""
    keys = None if connections is None else [c.key for c in connections]
    with _opened(settings, instance) as dagster:
        if connections is not None:
            ensure_partitions(dagster, provider, connections)
        definitions = _bound(ingest_definitions(), settings, on_progress)
        config = sync_config(provider, connections=keys)
        return _execute(dagster, definitions, f"{provider}_sync", config)


def run_models(
    settings: Settings,
    layer: Literal["models", "streaming", "marts"] = "models",
    *,
    full_refresh: bool = False,
    on_progress: Progress | None = None,
    instance: DagsterInstance | None = None,
) -> RunOutcome:
    """Build dbt's models, all or one layer, with their tests; dbt is started once."""
    with _opened(settings, instance) as dagster:
        definitions = _bound(
            Definitions.merge(ingest_definitions(), model_definitions(settings)),
            settings,
            on_progress,
        )
        return _execute(dagster, definitions, layer, build_config(full_refresh=full_refresh))


def run_reconciliation(
    settings: Settings, *, instance: DagsterInstance | None = None
) -> RunOutcome:
    """Match payouts with deposits and entries in every workspace whose rows changed."""
    with _opened(settings, instance) as dagster:
        definitions = _bound(reconciliation_definitions(), settings, None)
        return _execute(dagster, definitions, "reconciliation", {})


def run_training(settings: Settings, *, instance: DagsterInstance | None = None) -> RunOutcome:
    """Train the models that are due, and no more: the next `run_enrichment` scores with them."""
    from assets.enrichment import MODELS  # scikit-learn takes seconds to import

    with _opened(settings, instance) as dagster:
        definitions = _bound(enrichment_definitions(), settings, None)
        return _execute(dagster, definitions, "enrichment", {}, only=[MODELS])


def run_enrichment(settings: Settings, *, instance: DagsterInstance | None = None) -> RunOutcome:
    """Train the models that are due and score the transactions that landed or changed."""
    with _opened(settings, instance) as dagster:
        definitions = _bound(enrichment_definitions(), settings, None)
        return _execute(dagster, definitions, "enrichment", {})


def run_checks(
    settings: Settings, provider: str, *, instance: DagsterInstance | None = None
) -> RunOutcome:
    """Check the provider's raw tables; `success` means that the checks ran, see `checks`."""
    with _opened(settings, instance) as dagster:
        definitions = _bound(ingest_definitions(), settings, None)
        return _execute(dagster, definitions, f"{provider}_checks", {})


def run_audit(
    settings: Settings, provider: str, *, days: int = 7, instance: DagsterInstance | None = None
) -> RunOutcome:
    """Compare the last whole days with the provider; asks it for every list again."""
    with _opened(settings, instance) as dagster:
        definitions = _bound(ingest_definitions(), settings, None)
        config = audit_config(provider, days=days)
        return _execute(dagster, definitions, f"{provider}_audit", config)


def run_repair(
    settings: Settings,
    provider: str,
    *,
    since: str,
    until: str | None = None,
    objects: Sequence[str] | None = None,
    connections: Sequence[Connection] | None = None,
    instance: DagsterInstance | None = None,
) -> RunOutcome:
    """Compare whole days with the provider and mend what differs; asks for every list again."""
    keys = None if connections is None else [c.key for c in connections]
    with _opened(settings, instance) as dagster:
        definitions = _bound(ingest_definitions(), settings, None)
        config = repair_config(
            provider, since=since, until=until, objects=objects, connections=keys
        )
        return _execute(dagster, definitions, f"{provider}_repair", config)


def _bound(parts: Definitions, settings: Settings, on_progress: Progress | None) -> Definitions:
    return with_resources(parts, lambda: settings, Listener(on_progress, is_quiet=True))


@contextmanager
def _opened(settings: Settings, instance: DagsterInstance | None) -> Iterator[DagsterInstance]:
    if instance is not None:
        yield instance
    else:
        with open_instance(settings) as opened:
            yield opened


def _execute(
    instance: DagsterInstance,
    definitions: Definitions,
    job_name: str,
    config: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
    only: Sequence[AssetKey] | None = None,
) -> RunOutcome:
    job = definitions.resolve_job_def(job_name)
    with _unheard(logging.getLogger("dagster.builtin")):
        result: ExecuteInProcessResult = job.execute_in_process(
            run_config={**config, **_QUIET},
            instance=instance,
            tags={"oppulence/started_by": "command line", **(tags or {})},
            raise_on_error=False,
            asset_selection=only,
        )
    return outcome_of(result, instance)


@contextmanager
def _unheard(logger: logging.Logger) -> Iterator[None]:
    """Keep dagster-dbt's lines in the run's events alone: they pass the console's level by."""
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = before
