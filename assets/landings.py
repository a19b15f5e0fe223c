"""What landed, whole, and what did not? From a provider's report to partitions and one failure.

Pure: decides from `IngestReport`; `ingest.py` and `sync.py` tell Dagster.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dagster import Failure, MetadataValue

from core.connections import Connection
from core.logs import redact
from pipelines.reports import ConnectionOutcome, IngestReport

GONE = "revoked or unknown: there is nothing to ask any more"


@dataclass(frozen=True, slots=True)
class Landing:
    """One object of one connection, landed whole: a partition that is materialised."""

    object: str
    connection: Connection
    rows: int


def landings(report: IngestReport, objects: Iterable[str]) -> list[Landing]:
    """Return what of `objects` landed whole, in their order; an empty list counts, too."""
    return [
        Landing(name, outcome.connection, outcome.rows.get(name, 0))
        for name in objects
        for outcome in report.outcomes
        if _is_whole(outcome, name)
    ]


def _is_whole(outcome: ConnectionOutcome, name: str) -> bool:
    """Say whether all of an object is there; a failure that names no object spoils them all."""
    if name in outcome.skipped or name in outcome.failed:
        return False
    return outcome.complete or bool(outcome.failed)


def failure_reason(outcome: ConnectionOutcome) -> str:
    """Return why a connection is not whole, in the provider's words and without secrets."""
    objects = "; ".join(f"{name}: {reason}" for name, reason in sorted(outcome.failed.items()))
    return str(redact(outcome.reason or objects or "stopped before everything had landed"))


def failure_of(report: IngestReport, gone: Sequence[str] = ()) -> Failure | None:
    """Return the failure that names every connection that is not whole or `gone`, or None.

    Its metadata holds connection → reason, so that a caller in the same process can tell.
    """
    reasons = {outcome.connection.key: failure_reason(outcome) for outcome in report.failures}
    reasons |= dict.fromkeys(gone, GONE)
    if not reasons:
        return None
    asked = len(report.outcomes) + len(gone)
    named = "; ".join(f"{key}: {reason}" for key, reason in sorted(reasons.items()))
    return Failure(
        description=f"{len(reasons)} of {asked} connections did not land: {named}",
        metadata={"failed_connections": MetadataValue.json(reasons)},
        allow_retries=False,  # the provider has been asked as often as makes sense
    )


def summary(report: IngestReport) -> str:
    """Return the run as a Markdown table: a line per connection, counts only."""
    lines = [
        "| connection | status | rows | objects | not landed |",
        "| --- | --- | --: | --: | --- |",
    ]
    for outcome in report.outcomes:
        objects = sum(1 for rows in outcome.rows.values() if rows)
        problem = "" if outcome.complete else failure_reason(outcome).replace("|", "\\|")
        lines.append(
            f"| {outcome.connection.key.replace('|', ' ')} | {outcome.status} |"
            f" {sum(outcome.rows.values()):,} | {objects} | {problem} |"
        )
    return "\n".join(lines)


def run_tags(report: IngestReport, seconds: float) -> Mapping[str, str]:
    """Return the run's figures as tags, which Dagster's list of runs shows."""
    rows = sum(report.rows.values())
    return {
        "oppulence/connections": str(len(report.outcomes)),
        "oppulence/connections_failed": str(len(report.failures)),
        "oppulence/rows": str(rows),
        "oppulence/seconds": f"{seconds:.1f}",
        "oppulence/rows_per_second": f"{rows / seconds:.0f}" if seconds else "0",
    }
