"""How do `sync` and `backfill` run? Through Dagster's jobs, wherever Dagster is.

Beside a running stack the run is queued there, after what else loads the same provider, and waited
for. Without one it runs in this process, on engines started for it, and the models are built from
what landed, since no schedule will do it. Either way Dagster's UI shows it.
"""

import sys
from collections.abc import Sequence
from typing import Any

from core.connections import Connection
from core.errors import InvalidInputError, NotFoundError, OppulenceError
from core.settings import Settings
from local.lease import read_live
from oppulence.output import print_json, print_line, print_table
from oppulence.queued import QueuedRequest, queue
from oppulence.session import command_session, connection_store
from orchestration import runs
from orchestration.instance import open_instance
from orchestration.outcomes import NOTHING, RunOutcome
from orchestration.partitions import ensure_partitions, range_tags, ranges
from orchestration.run_config import backfill_config, repair_config, sync_config
from pipelines.ingest import prepare_warehouse
from pipelines.registry import REPAIRED


class RunFailedError(OppulenceError):
    """A run ended, and not well; each connection's reason has been printed."""

    code = "run_failed"
    title = "Not everything came in"


def sync_connections(connection: str, *, wait: bool, as_json: bool) -> None:
    """Bring in what changed for one connection or all, and say what came."""
    with command_session("sync") as settings:
        chosen = choose(settings, connection)
        if webserver := _webserver(settings, wait=wait):
            requests = [
                QueuedRequest(f"{provider}_sync", sync_config(provider, connections=keys), {})
                for provider, keys in _by_provider(chosen).items()
            ]
            outcome = queue(settings, webserver, requests, print_progress, wait=wait)
        else:
            outcome = NOTHING
            for provider in _by_provider(chosen):
                own = [c for c in chosen if c.provider == provider]
                outcome += runs.run_incremental(
                    settings, provider, connections=own, on_progress=_progress(as_json=as_json)
                )
            outcome = _modelled(settings, outcome)
    report(outcome, as_json=as_json, is_over=wait)


def backfill_connections(
    since: str, until: str, objects: str, connection: str, *, wait: bool, as_json: bool
) -> None:
    """Bring in a span of time again for one connection or all, and say what came."""
    names = [name.strip() for name in objects.split(",") if name.strip()] or None
    span: dict[str, Any] = {"since": since, "until": until or None, "objects": names}
    with command_session("backfill") as settings:
        chosen = choose(settings, connection)
        if webserver := _webserver(settings, wait=wait):
            requests = _backfills(settings, chosen, span)
            outcome = queue(settings, webserver, requests, print_progress, wait=wait)
        else:
            outcome = runs.run_backfill(
                settings, chosen, **span, on_progress=_progress(as_json=as_json)
            )
            outcome = _modelled(settings, outcome)
    report(outcome, as_json=as_json, is_over=wait)


def repair_connections(
    since: str, until: str, objects: str, connection: str, *, wait: bool, as_json: bool
) -> None:
    """Compare whole days with the provider, mend what differs, and say what came of it.

    Raises:
        InvalidInputError: No chosen connection is of a provider that can be compared.
    """
    names = [name.strip() for name in objects.split(",") if name.strip()] or None
    span: dict[str, Any] = {"since": since, "until": until or None, "objects": names}
    with command_session("backfill") as settings:
        chosen = [c for c in choose(settings, connection) if c.provider in REPAIRED]
        if not chosen:
            raise InvalidInputError(
                "Only lists that can be compared day by day can be repaired.",
                next_step=f"Connections of {', '.join(sorted(REPAIRED))} can.",
            )
        if webserver := _webserver(settings, wait=wait):
            requests = [
                QueuedRequest(
                    f"{provider}_repair", repair_config(provider, **span, connections=keys), {}
                )
                for provider, keys in _by_provider(chosen).items()
            ]
            outcome = queue(settings, webserver, requests, print_progress, wait=wait)
        else:
            outcome = NOTHING
            for provider in _by_provider(chosen):
                own = [c for c in chosen if c.provider == provider]
                print_progress(f"Comparing {len(own)} connections with {provider}, day by day")
                outcome += runs.run_repair(settings, provider, **span, connections=own)
            outcome = _modelled(settings, outcome)
    report(outcome, as_json=as_json, is_over=wait)


def _backfills(
    settings: Settings, chosen: Sequence[Connection], span: dict[str, Any]
) -> list[QueuedRequest]:
    """Return the runs that a backfill takes: one per provider and range of partitions."""
    requests = []
    with open_instance(settings) as instance:
        for provider, keys in _by_provider(chosen).items():
            own = [c for c in chosen if c.provider == provider]
            known = ensure_partitions(instance, provider, own)
            config = backfill_config(provider, **span)
            requests += [
                QueuedRequest(f"{provider}_backfill", config, range_tags(first, last))
                for first, last in ranges(keys, known)
            ]
    return requests


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


def report(outcome: RunOutcome, *, as_json: bool, is_over: bool = True) -> None:
    """Print what runs brought in, or only which they are if they are not over.

    Raises:
        RunFailedError: One of them did not end well.
    """
    if as_json:
        print_json(
            {
                "success": outcome.success if is_over else None,
                "runs": outcome.run_ids,
                "rows": outcome.rows,
                "failed_connections": outcome.failed_connections,
                "error": outcome.error,
            }
        )
    elif outcome.rows:
        print_table(("Table", "Rows"), sorted(outcome.rows.items()))
    elif is_over and outcome.success:
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


def _webserver(settings: Settings, *, wait: bool) -> str:
    """Return the address of the running stack's Dagster, if there is one.

    Raises:
        InvalidInputError: There is none, and nobody would be left to run what is not waited for.
    """
    live = read_live(settings.data_dir)
    part = live.parts.get("dagster") if live else None
    if part is None and not wait:
        raise InvalidInputError(
            "Without a running stack the run is this command's own: it must wait.",
            next_step="Leave --no-wait out, or start `oppulence up` first.",
        )
    return str(part["address"]) if part else ""


def _progress(*, as_json: bool) -> Any:
    if as_json:
        return None
    return lambda rows: print_progress(f"{sum(rows.values()):,} rows so far")


def print_progress(text: str) -> None:
    """Say on stderr how it goes, so that stdout holds the result alone."""
    sys.stderr.write(f"{text}\n")
