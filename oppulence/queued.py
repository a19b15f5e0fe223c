"""How does a command follow runs that a running stack has queued? Line by line, to their end.

The runs are the stack's: they go on whatever becomes of this command, so all that is lost with a
Ctrl-C is the telling.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import DagsterInstance, DagsterRunStatus

from assets.progress import progress_said
from core.settings import Settings
from orchestration.instance import open_instance
from orchestration.outcomes import NOTHING, RunOutcome, stored_outcome
from orchestration.submission import submit

POLL_SECONDS = 0.5
SILENCE_SECONDS = 15.0
_WORDS = {
    DagsterRunStatus.NOT_STARTED: "waits for its turn",
    DagsterRunStatus.QUEUED: "waits for its turn",
    DagsterRunStatus.STARTING: "starts",
    DagsterRunStatus.STARTED: "runs",
    DagsterRunStatus.CANCELING: "is being canceled",
    DagsterRunStatus.CANCELED: "was canceled",
    DagsterRunStatus.SUCCESS: "is done",
    DagsterRunStatus.FAILURE: "failed",
}
_ENDED = frozenset({DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED})

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """A job to run, with its config and tags."""

    job: str
    config: Mapping[str, Any]
    tags: Mapping[str, str]


def queue(
    settings: Settings, webserver: str, requests: Sequence[QueuedRequest], say: Say, *, wait: bool
) -> RunOutcome:
    """Queue runs and with `wait` follow each to its end.

    Without `wait` the outcome names the runs and nothing that they do.
    """
    outcome = NOTHING
    with open_instance(settings) as instance:
        run_ids = []
        for request in requests:
            run_id = submit(webserver, request.job, run_config=request.config, tags=request.tags)
            say(f"Queued {request.job}: {webserver}/runs/{run_id}")
            run_ids.append(run_id)
        for request, run_id in zip(requests, run_ids, strict=True):
            if wait:
                outcome += followed(instance, run_id, request.job, say)
            else:
                outcome += RunOutcome(run_ids=(run_id,), success=True)
    return outcome


def followed(
    instance: DagsterInstance,
    run_id: str,
    job: str,
    say: Say,
    *,
    silence_seconds: float = SILENCE_SECONDS,
) -> RunOutcome:
    """Say what becomes of a run until it has ended, and something at least now and then."""
    started = spoken = time.monotonic()
    status: DagsterRunStatus | None = None
    cursor: str | None = None
    while status not in _ENDED:
        run = instance.get_run_by_id(run_id)
        now = time.monotonic()
        lines = []
        if run is not None and run.status is not status:
            if _WORDS[run.status] != _WORDS.get(status or DagsterRunStatus.NOT_STARTED):
                lines.append(f"{job} {_WORDS[run.status]}")
            status = run.status
        told, cursor = _said(instance, run_id, cursor)
        lines += [f"{job}: {text}" for text in told]
        if not lines and now - spoken >= silence_seconds:
            word = _WORDS[status or DagsterRunStatus.QUEUED]
            lines.append(f"{job} {word}, {now - started:.0f} s so far")
        for line in lines:
            say(line)
            spoken = now
        if status not in _ENDED:
            time.sleep(POLL_SECONDS)
    return stored_outcome(instance, run_id)


def _said(
    instance: DagsterInstance, run_id: str, cursor: str | None
) -> tuple[list[str], str | None]:
    """Return the progress that the run logged since `cursor`, and the cursor behind it."""
    found = instance.get_records_for_run(run_id, cursor)
    messages = [record.event_log_entry.user_message for record in found.records]
    return [message for message in messages if progress_said(message)], found.cursor
