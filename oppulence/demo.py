"""How does a newcomer see the main job done? One command runs it on a made-up company, to the end.

    engines → sandbox → connect → backfill → models → checks → what was found, beside the truth

Every step is the production code: the sandbox is spoken to over HTTP by the real Stripe connector,
runs are Dagster's, models are dbt's. What the company's own books say stands beside what the
warehouse found. A second run brings in what changed since and changes nothing else.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from core.clock import utc_now
from core.connections import Connection
from core.database import Database
from core.errors import OppulenceError
from core.settings import Settings
from core.tenancy import TenantId
from linking.registry import flow_of
from local.lease import read_live
from oppulence.connect import keep
from oppulence.demo_findings import Findings, find
from oppulence.demo_report import show
from oppulence.demo_sandbox import SANDBOX_KEY, company_sandbox
from oppulence.demo_steps import Steps
from oppulence.migrate import migrate
from oppulence.output import print_json
from oppulence.session import command_session, connection_store
from oppulence.workspaces import renew_key
from orchestration.outcomes import RunOutcome
from orchestration.runs import run_backfill, run_checks, run_incremental, run_models

WORKSPACE = TenantId("ws_demo")
COMPANY = "Northwind Analytics"
SANDBOX_RATE = 1000.0


class DemoFailedError(OppulenceError):
    """A step of the demo did not do what it is for."""

    code = "demo_failed"
    title = "The demo did not come to its end"


def run_demo(*, as_json: bool, scale: int | None) -> None:
    """Run the main job and print what it found.

    Raises:
        DemoFailedError: A run failed, or the warehouse and the company's books differ.
    """
    started = time.monotonic()
    steps = Steps()
    with steps.step("Start Postgres, ClickHouse and Redis on this machine"), _engines() as settings:
        steps.done()
        text = f"Start the sandbox: 18 months of {COMPANY}, a SaaS firm"
        with steps.step(text), company_sandbox(settings, scale) as sandbox:
            steps.done()
            with steps.step("Create the schemas: Postgres, raw tables, dbt's typed layer"):
                migrate(settings, changed_only=True, say=steps.say)
            with steps.step("Connect the company's Stripe account"):
                connection = _connect(settings, sandbox.url)
            outcome = _ingest(settings, connection, steps)
            outcome += _model(settings, steps)
            with steps.step("Compare with the company's own books"):
                findings = find(settings, WORKSPACE, outcome, sandbox)
            key = _key(settings)
    seconds = time.monotonic() - started
    is_up = read_live(settings.data_dir) is not None
    if as_json:
        print_json({**findings.as_json(), "seconds": round(seconds, 1)})
    else:
        show(findings, key=key, tenant=WORKSPACE, settings=settings, seconds=seconds, is_up=is_up)
    _require_agreement(findings)


@contextmanager
def _engines() -> Iterator[Settings]:
    with command_session("demo") as settings:
        # The sandbox is no provider's server: it need not be spared.
        yield settings.model_copy(update={"stripe_requests_per_second": SANDBOX_RATE})


def _connect(settings: Settings, api_url: str) -> Connection:
    with connection_store(settings) as store:
        linked = flow_of("stripe").verify(settings, {"api_key": SANDBOX_KEY}, api_url)
        return keep(store, WORKSPACE, "stripe", linked, name=COMPANY)


def _ingest(settings: Settings, connection: Connection, steps: Steps) -> RunOutcome:
    """Backfill everything the first time; afterwards bring in what changed."""
    if connection.last_synced_at is None:
        with steps.step("Backfill every Stripe object") as step:
            return _good(run_backfill(settings, [connection], on_progress=step.rows))
    with steps.step("Bring in what changed since the last run") as step:
        return _good(
            run_incremental(settings, "stripe", connections=[connection], on_progress=step.rows)
        )


def _model(settings: Settings, steps: Steps) -> RunOutcome:
    """Build the marts while the raw edge is checked.

    In a process of its own: a run of Dagster's takes the process's output for itself.
    """
    with (
        steps.step("Build the marts, run dbt's tests, check the raw edge"),
        ProcessPoolExecutor(1, get_context("spawn")) as processes,
    ):
        checks = processes.submit(run_checks, settings, "stripe")
        return _good(run_models(settings, "marts")) + _good(checks.result())


def _good(outcome: RunOutcome) -> RunOutcome:
    if not outcome.success:
        reasons = [*outcome.failed_connections.values(), outcome.error]
        raise DemoFailedError(
            "; ".join(filter(None, reasons)) or "A run failed.",
            next_step="Start `oppulence up` and look at the run in Dagster.",
        )
    return outcome


def _key(settings: Settings) -> str:
    database = Database.connect(settings, size=1)
    try:
        secret = settings.required("api_key_secret")
        return renew_key(database, WORKSPACE, "demo", secret=secret, now=utc_now())
    finally:
        database.close()


def _require_agreement(findings: Findings) -> None:
    differing = [check.name for check in findings.agreements if not check.agrees]
    failed = [f"{check.asset} {check.check}" for check in findings.failed_checks]
    if differing or failed:
        raise DemoFailedError(
            f"Not as it should be: {', '.join(differing + failed)}.",
            next_step="Run `oppulence demo --json` for the figures on both sides.",
        )
