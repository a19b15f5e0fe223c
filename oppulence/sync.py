"""How do `sync` and `backfill` run? Through Dagster's jobs, wherever Dagster is.

Beside a running stack the run is queued there, after what else loads the same provider, and waited
for. Without one it runs in this process, on engines started for it, and the models are built from
what landed, since no schedule will do it. Either way Dagster's UI shows it.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any

from dagster import DagsterInstance

from core.connections import Connection
from core.errors import NotFoundError, OppulenceError
from core.settings import Settings
from local.lease import read_live
from oppulence.output import print_json, print_line, print_table
from oppulence.session import command_session, connection_store
from orchestration import runs
from orchestration.instance import open_instance
from orchestration.outcomes import NOTHING, RunOutcome
from orchestration.partitions import ensure_partitions, range_tags, ranges
from orchestration.run_config import backfill_config, sync_config
from orchestration.submission import submit
from pipelines.ingest import prepare_warehouse

POLL_SECONDS = 0.5


class RunFailedError(OppulenceError):
    """A run ended, and not well; each connection's reason has been printed."""

    code = "run_failed"
    title = "Not everything came in"


def sync_connections(connection: str, *, as_json: bool) -> None:
    """Bring in what changed for one connection or all, and say what came."""
    with command_session("sync") as settings:
        chosen = choose(settings, connection)
        webserver = _webserver(settings)
        if webserver:
            outcome = _queue(
                settings,
                [
                    (webserver, f"{provider}_sync", sync_config(provider, connections=keys), {})
                    for provider, keys in _by_provider(chosen).items()
                ],
            )
        else:
            outcome = NOTHING
            for provider in _by_provider(chosen):
                own = [c for c in chosen if c.provider == provider]
                outcome += runs.run_incremental(
                    settings, provider, connections=own, on_progress=_progress(as_json=as_json)
                )
            outcome = _modelled(settings, outcome)
    report(outcome, as_json=as_json)


def backfill_connections(
    since: str, until: str, objects: str, connection: str, *, as_json: bool
) -> None:
    """Bring in a span of time again for one connection or all, and say what came."""
    names = [name.strip() for name in objects.split(",") if name.strip()] or None
    span: dict[str, Any] = {"since": since, "until": until or None, "objects": names}
    with command_session("backfill") as settings:
        chosen = choose(settings, connection)
        webserver = _webserver(settings)
        if webserver:
            requests = []
            with open_instance(settings) as instance:
                for provider, keys in _by_provider(chosen).items():
                    own = [c for c in chosen if c.provider == provider]
                    known = ensure_partitions(instance, provider, own)
                    config = backfill_config(provider, **span)
                    requests += [
                        (webserver, f"{provider}_backfill", config, range_tags(first, last))
                        for first, last in ranges(keys, known)
                    ]
            outcome = _queue(settings, requests)
        else:
            outcome = runs.run_backfill(
                settings, chosen, **span, on_progress=_progress(as_json=as_json)
            )
            outcome = _modelled(settings, outcome)
    report(outcome, as_json=as_json)


def choose(settings: Settings, connection: str) -> list[Connection]:
    """Return the connection of this id, or all that are not revoked.

    Raises:
        NotFoundError: There is none.
    """
    with connection_store(settings, role="system") as store:
        known = [c for c in store.all() if c.status != "revoked"]
    chosen = [c for c in known if not connection or c.id == connection]
    if not chosen:
        what = f"no connection {connection}" if connection else "no connection yet"
        raise NotFoundError(
            f"There is {what}.",
            next_step="See `oppulence status`, or connect one: `oppulence connect stripe`.",
        )
    return chosen


def report(outcome: RunOutcome, *, as_json: bool) -> None:
    """Print what runs brought in.

    Raises:
        RunFailedError: One of them did not end well.
    """
    if as_json:
        print_json(
            {
                "success": outcome.success,
                "runs": outcome.run_ids,
                "rows": outcome.rows,
                "failed_connections": outcome.failed_connections,
                "error": outcome.error,
            }
        )
    elif outcome.rows:
        print_table(("Table", "Rows"), sorted(outcome.rows.items()))
    else:
        print_line("Nothing new.")
    if not outcome.success:
        reasons = [f"{key}: {reason}" for key, reason in outcome.failed_connections.items()]
        raise RunFailedError(
            "; ".join(reasons) or outcome.error or "A run failed.",
            next_step="Look at the run in Dagster (`oppulence up`), or at `oppulence status`.",
        )


def _modelled(settings: Settings, outcome: RunOutcome) -> RunOutcome:
    """Build the models over what landed."""
    if not outcome.rows:
        return outcome
    prepare_warehouse(settings)
    models = runs.run_models(settings)
    return RunOutcome(
        run_ids=outcome.run_ids + models.run_ids,
        success=outcome.success and models.success,
        rows=outcome.rows,
        failed_connections=outcome.failed_connections,
        checks=outcome.checks + models.checks,
        error="\n".join(filter(None, (outcome.error, models.error))),
    )


def _by_provider(connections: Sequence[Connection]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for connection in connections:
        found.setdefault(connection.provider, []).append(connection.key)
    return found


def _webserver(settings: Settings) -> str:
    """Return the address of the running stack's Dagster, if there is one."""
    live = read_live(settings.data_dir)
    part = live.parts.get("dagster") if live else None
    return str(part["address"]) if part else ""


def _queue(
    settings: Settings, requests: Sequence[tuple[str, str, dict[str, Any], dict[str, str]]]
) -> RunOutcome:
    outcome = NOTHING
    with open_instance(settings) as instance:
        for webserver, job, config, tags in requests:
            run_id = submit(webserver, job, run_config=config, tags=tags)
            print_progress(f"Queued {job}: {webserver}/runs/{run_id}")
            outcome += _ended(instance, run_id)
    return outcome


def _ended(instance: DagsterInstance, run_id: str) -> RunOutcome:
    """Wait until a queued run has ended."""
    while True:
        run = instance.get_run_by_id(run_id)
        if run is not None and run.is_finished:
            error = "" if run.is_success else f"Run {run_id} ended as {run.status.value}."
            return RunOutcome(
                run_ids=(run_id,),
                success=run.is_success,
                rows=_landed(instance, run_id),
                error=error,
            )
        time.sleep(POLL_SECONDS)


def _landed(instance: DagsterInstance, run_id: str) -> dict[str, int]:
    """Return the rows that a run recorded, by asset."""
    rows: dict[str, int] = {}
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event is None or not event.is_step_materialization:
            continue
        name = ".".join(event.step_materialization_data.materialization.asset_key.path)
        for value in event.step_materialization_data.materialization.metadata.items():
            if value[0] == "dagster/partition_row_count":
                rows[name] = rows.get(name, 0) + int(str(value[1].value))
    return rows


def _progress(*, as_json: bool) -> Any:
    if as_json:
        return None
    return lambda rows: print_progress(f"{sum(rows.values()):,} rows so far")


def print_progress(text: str) -> None:
    """Say on stderr how it goes, so that stdout holds the result alone."""
    sys.stderr.write(f"{text}\n")
