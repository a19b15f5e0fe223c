"""What has gone wrong since somebody last looked, and what is well again? From Dagster's events.

    failed checks, failed runs ─► a trouble begins      (told once, not every hour it lasts)
    the next good one of the same name ─► it ends       (told as well)

What is in trouble is part of the cursor, so that every reader (log, webhook, mail) has a memory of
its own and none is told twice what it has taken.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    DagsterEventType,
    DagsterInstance,
    EventLogRecord,
    EventRecordsFilter,
)

State = Literal["failing", "well again"]
Severity = Literal["warning", "error"]
MOST_EVENTS = 2_000
_LONGEST_REASON = 600
_KINDS = (
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.RUN_FAILURE,
    DagsterEventType.RUN_SUCCESS,
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A check or a job that began to fail, or is well again.

    Attributes:
        id: The same for the same happening, however often it is sent.
        name: `job stripe_sync`, or `check raw/stripe_charge meets_expectations`.
        reason: What failed, in counts and words; no value of a row.
        run_id: Where Dagster shows it.
    """

    id: str
    name: str
    state: State
    severity: Severity
    reason: str
    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a reader has come: the last event of each kind, and what is in trouble."""

    seen: Mapping[str, int] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, cursor: str | None, instance: DagsterInstance) -> "Reading":
        """Read a sensor's cursor; without one, begin now: history alarms nobody."""
        if cursor:
            return cls(**json.loads(cursor))
        return cls(seen={kind.value: _newest(instance, kind) for kind in _KINDS})

    def text(self) -> str:
        """Return it as a cursor."""
        return json.dumps({"seen": dict(self.seen), "failing": dict(self.failing)})


def troubles_since(
    instance: DagsterInstance, reading: Reading, least: Severity
) -> tuple[list[Trouble], Reading]:
    """Return what began or ended since `reading`, in order, and where the next one goes on.

    Args:
        instance: Whose events they are.
        reading: How far this reader has come.
        least: The least severity that it is told.
    """
    seen, failing = dict(reading.seen), dict(reading.failing)
    events: list[tuple[int, Trouble]] = []
    for kind in _KINDS:
        found = instance.event_log_storage.get_event_records(
            EventRecordsFilter(kind, after_cursor=seen.get(kind.value, 0)),
            limit=MOST_EVENTS, ascending=True,
        )  # fmt: skip
        for record in found:
            seen[kind.value] = record.storage_id
            events += [(record.storage_id, one) for one in _told(record)]
    told = []
    for _, one in sorted(events, key=lambda event: event[0]):
        if one.state == "well again":
            if one.name in failing:
                told.append(one)
            failing.pop(one.name, None)
        elif one.name not in failing and (least == "warning" or one.severity == "error"):
            failing[one.name] = one.at.isoformat()
            told.append(one)
    return told, Reading(seen, failing)


def _newest(instance: DagsterInstance, kind: DagsterEventType) -> int:
    newest = instance.event_log_storage.get_event_records(EventRecordsFilter(kind), limit=1)
    return newest[0].storage_id if newest else 0


def _told(record: EventLogRecord) -> Iterator[Trouble]:
    entry = record.event_log_entry
    event = entry.get_dagster_event()
    at = datetime.fromtimestamp(entry.timestamp, UTC)
    if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
        verdict = event.event_specific_data
        assert isinstance(verdict, AssetCheckEvaluation)
        name = f"check {verdict.asset_key.to_user_string()} {verdict.check_name}"
        is_error = verdict.severity == AssetCheckSeverity.ERROR
        yield Trouble(
            f"alert_{record.storage_id}", name, "well again" if verdict.passed else "failing",
            "error" if is_error else "warning", "" if verdict.passed else _reason_of(verdict),
            at, entry.run_id,
        )  # fmt: skip
    elif not event.job_name.startswith("__"):
        has_failed = event.event_type == DagsterEventType.RUN_FAILURE
        yield Trouble(
            f"alert_{record.storage_id}", f"job {event.job_name}",
            "failing" if has_failed else "well again", "error",
            _cause_of(event.message or "", event) if has_failed else "", at, entry.run_id,
        )  # fmt: skip


def _reason_of(verdict: AssetCheckEvaluation) -> str:
    parts = [verdict.description or ""]
    parts += [
        f"{name}: {value.value}"
        for name, value in verdict.metadata.items()
        if name not in ("data_docs",) and not name.startswith("dagster")
    ]
    return "; ".join(filter(None, parts))[:_LONGEST_REASON]


def _cause_of(message: str, event: object) -> str:
    """Return the first failed step's own words, where Dagster knows them."""
    data = getattr(event, "event_specific_data", None)
    step = getattr(data, "first_step_failure_event", None)
    failure = getattr(getattr(step, "event_specific_data", None), "user_failure_data", None)
    error = getattr(getattr(step, "event_specific_data", None), "error", None)
    words = (
        getattr(failure, "description", None)
        or getattr(getattr(error, "cause", None), "message", None)
        or getattr(error, "message", None)
        or message
    )
    return str(words).strip()[:_LONGEST_REASON]
