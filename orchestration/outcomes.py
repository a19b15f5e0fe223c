"""What came of a run, executed here or by a running stack? Read from Dagster's own events."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetMaterialization,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    MetadataValue,
)

# Dagster puts the class before the message.
_CLASS = re.compile(r"^[\w.]+(?:Error|Exception): ")
_ROW_COUNTS = ("dagster/partition_row_count", "dagster/row_count")
_TELLING = {
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.RUN_FAILURE,
    DagsterEventType.RUN_CANCELED,
    DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """One asset check, answered."""

    asset: str
    check: str
    passed: bool
    severity: str


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one or more runs did.

    Attributes:
        run_ids: Dagster's ids, for links into its UI.
        success: Every run ended well.
        rows: Rows per asset (`raw.stripe_charge`): landed, for ingest; stored, for models.
        failed_connections: Connection key → the provider's reason.
        checks: The verdicts of the asset checks that ran.
        error: What stopped a run, if no connection can be named for it.
    """

    run_ids: tuple[str, ...]
    success: bool
    rows: Mapping[str, int] = field(default_factory=dict)
    failed_connections: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[CheckVerdict, ...] = ()
    error: str = ""

    def __add__(self, other: "RunOutcome") -> "RunOutcome":
        """Return both outcomes as one."""
        return RunOutcome(
            run_ids=self.run_ids + other.run_ids,
            success=self.success and other.success,
            rows=dict(Counter(self.rows) + Counter(other.rows)),
            failed_connections={**self.failed_connections, **other.failed_connections},
            checks=self.checks + other.checks,
            error="\n".join(filter(None, (self.error, other.error))),
        )


NOTHING = RunOutcome(run_ids=(), success=True)


def outcome_of(result: ExecuteInProcessResult, instance: DagsterInstance) -> RunOutcome:
    """Return what a finished run says of itself.

    Of a step that failed, the result of a run in this process holds only some materialisations:
    those of such a run are read back from the instance. Of a good one it holds all, thousands.
    """
    failed, errors = _failures(result.all_events)
    materialized = (
        event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization
    )
    return RunOutcome(
        run_ids=(result.run_id,),
        success=result.success,
        rows=_rows(materialized) if result.success else _stored_rows(instance, result.run_id),
        failed_connections=failed,
        checks=tuple(_verdict(check) for check in result.get_asset_check_evaluations()),
        error="\n".join(errors),
    )


def stored_outcome(instance: DagsterInstance, run_id: str) -> RunOutcome:
    """Return what a finished run of another process left in Dagster's storage."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    entries = instance.all_logs(run_id, of_type=_TELLING)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    failed, errors = _failures(events)
    if not (run.is_success or failed or errors):
        errors = [f"Run {run_id} ended as {run.status.value}."]
    return RunOutcome(
        run_ids=(run_id,),
        success=run.is_success,
        rows=_stored_rows(instance, run_id),
        failed_connections=failed,
        checks=tuple(
            _verdict(event.asset_check_evaluation_data)
            for event in events
            if event.event_type is DagsterEventType.ASSET_CHECK_EVALUATION
        ),
        error="\n".join(errors),
    )


def _stored_rows(instance: DagsterInstance, run_id: str) -> dict[str, int]:
    entries = instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    return _rows(entry.asset_materialization for entry in entries if entry.asset_materialization)


def _rows(materializations: Iterable[AssetMaterialization]) -> dict[str, int]:
    rows: Counter[str] = Counter()
    for materialization in materializations:
        for name in _ROW_COUNTS:
            if (value := materialization.metadata.get(name)) is not None:
                rows[".".join(materialization.asset_key.path)] += int(str(value.value))
    return dict(sorted(rows.items()))


def _failures(events: Iterable[DagsterEvent]) -> tuple[dict[str, str], list[str]]:
    """Split failures into those of connections, which name themselves, and all others."""
    connections: dict[str, str] = {}
    errors: list[str] = []
    runs_own: list[str] = []
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            named = data.user_failure_data and data.user_failure_data.metadata.get(
                "failed_connections"
            )
            if named:
                connections |= _reasons(named)
            elif data.user_failure_data and data.user_failure_data.description:
                errors.append(data.user_failure_data.description)
            elif data.error:
                cause = data.error.cause or data.error
                errors.append(_CLASS.sub("", cause.message.strip()))
        elif event.is_failure and not event.is_step_event:
            runs_own.append(event.message or "The run did not start.")
    return connections, [] if connections else (errors or runs_own)


def _reasons(named: MetadataValue[Any]) -> dict[str, str]:
    value = named.value
    assert isinstance(value, Mapping)
    return {str(key): str(reason) for key, reason in value.items()}


def _verdict(check: AssetCheckEvaluation) -> CheckVerdict:
    return CheckVerdict(
        asset=".".join(check.asset_key.path),
        check=check.check_name,
        passed=check.passed,
        severity=check.severity.value,
    )
