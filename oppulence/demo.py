"""How does a newcomer see the main job done? One command runs it on a made-up company, to the end.

    engines → sandbox → connect → backfill → recovery → marts → checks → what was found, beside the
            → typed layer ····················↗                           truth

Every step is the production code: the sandbox is spoken to over HTTP by the real Stripe connector,
runs are Dagster's, models are dbt's. What the company's own books say stands beside what the
warehouse found. A second run brings in what changed since and changes nothing else.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from assets.manifest import built_mark, fingerprint, is_built
from assets.progress import Progress
from core.clock import utc_now
from core.connections import Connection
from core.database import Database
from core.errors import OppulenceError
from core.settings import Settings
from core.tenancy import TenantId
from linking.registry import flow_of
from local.lease import read_live
from oppulence.connect import keep
from oppulence.demo_beginning import Beginning
from oppulence.demo_findings import Findings, find
from oppulence.demo_providers import link_all
from oppulence.demo_recovered import CLOCK
from oppulence.demo_recovery import recover
from oppulence.demo_report import FOUNDER, show
from oppulence.demo_sandbox import SANDBOX_KEY, company_sandbox
from oppulence.demo_steps import Steps
from oppulence.migrate import build_models, prepare_databases
from oppulence.output import print_json
from oppulence.sandbox_applications import with_sandbox_applications
from oppulence.session import connection_store
from oppulence.workspaces import ensure_member, ensure_workspace, renew_key
from orchestration.outcomes import NOTHING, RunOutcome
from orchestration.runs import (
    run_backfill,
    run_checks,
    run_enrichment,
    run_incremental,
    run_models,
    run_reconciliation,
    run_training,
)
from pipelines.registry import PROVIDERS
from serving.auth.permissions import Role

WORKSPACE = TenantId("ws_demo")
COMPANY = "Northwind Analytics"
SANDBOX_RATE = 1000.0


class DemoFailedError(OppulenceError):
    """A step of the demo did not do what it is for."""

    code = "demo_failed"
    title = "The demo did not come to its end"


@dataclass(frozen=True, slots=True)
class Done:
    """What the demo found, and how to look further."""

    findings: Findings
    key: str
    settings: Settings


def run_demo(begun: Beginning, *, scale: int | None) -> Done:
    """Run the main job.

    Raises:
        DemoFailedError: A run failed.
    """
    steps, beside = Steps(), begun.beside
    with steps.step("Start Postgres, ClickHouse and Redis on this machine"):
        # The sandbox is no provider's server: it need not be spared.
        unhurried = {"stripe_requests_per_second": SANDBOX_RATE}
        settings = with_sandbox_applications(begun.engines.result().model_copy(update=unhurried))
    text = f"Start the sandbox: 18 months of {COMPANY}, a SaaS firm"
    with (
        _schemas(settings, steps) as (schemas, typed),
        steps.step(text),
        company_sandbox(settings, scale) as sandbox,
    ):
        steps.done()
        with steps.step("Create the schemas of Postgres and ClickHouse's raw tables"):
            schemas.result()
        with steps.step("Connect Stripe, its banks and its books: seven providers"):
            connections = _connect(settings, sandbox.url)
        with sandbox.standing_still() as moment:
            outcome = _ingest(settings, connections, steps, beside)
            meanwhile = _work_beside(settings, beside, typed)
            # Here, since this process would only wait for the typed layer.
            if not sandbox.is_shared:  # the running stack's worker would take the episodes
                with steps.step("Win failed payments back: forty days on a test clock"):
                    recover(settings, CLOCK, moment)
            if not typed.done():
                with steps.step("Set up the typed layer over it"):
                    typed.result()
            outcome += _model(settings, steps, beside, typed.result(), meanwhile)
            with steps.step("Compare with the company's own books"):
                findings = find(settings, WORKSPACE, outcome, sandbox, moment)
        return Done(findings, _key(settings), settings)


def tell(done: Done, *, as_json: bool, seconds: float) -> None:
    """Print what was found.

    Raises:
        DemoFailedError: The warehouse and the company's books differ, or a check has failed.
    """
    findings, settings = done.findings, done.settings
    if as_json:
        print_json({**findings.as_json(), "seconds": round(seconds, 1)})
    else:
        is_up = read_live(settings.data_dir) is not None
        show(
            findings,
            key=done.key,
            tenant=WORKSPACE,
            settings=settings,
            seconds=seconds,
            is_up=is_up,
        )
    _require_agreement(findings)


def _connect(settings: Settings, api_url: str) -> list[Connection]:
    with connection_store(settings) as store:
        ensure_workspace(store.database, WORKSPACE, COMPANY)
        ensure_workspace(store.database, CLOCK, f"{COMPANY}, on a test clock")
        linked = flow_of("stripe").verify(settings, {"api_key": SANDBOX_KEY}, api_url)
        stripe = keep(store, WORKSPACE, "stripe", linked, name=COMPANY)
        return [stripe, *link_all(settings, store, WORKSPACE)]


@contextmanager
def _schemas(settings: Settings, steps: Steps) -> Iterator[tuple[Future[None], Future[str]]]:
    """Make the databases' schemas, then set up the typed layer, while the rest goes on.

    The typed layer's views fill themselves. What lands meanwhile is not lost: a view is there
    before it is filled from what was there before (dbt/macros/filling.sql). Yields both ends; the
    second is the fingerprint of what is set up then.
    """
    with ThreadPoolExecutor(1) as pool:
        schemas = pool.submit(prepare_databases, settings, say=steps.say)
        yield schemas, pool.submit(_set_up, settings, schemas)


def _set_up(settings: Settings, schemas: Future[None]) -> str:
    schemas.result()
    now = fingerprint(settings.dbt_project_dir)
    if not is_built(settings.data_dir, now):
        build_models(settings, with_marts=False)
    return now


def _ingest(
    settings: Settings, connections: list[Connection], steps: Steps, beside: Executor
) -> RunOutcome:
    """Bring in everything the first time, afterwards what changed; banks and books beside Stripe.

    In a process of their own: a run of Dagster's takes the process's output for itself.
    """
    stripe, others = connections[:1], connections[1:]
    is_first = stripe[0].last_synced_at is None
    text = "Backfill every object of seven providers" if is_first else "Bring in what changed"
    with steps.step(text) as step:
        rest = beside.submit(ingest_all, settings, others)
        outcome = _good(ingest_all(settings, stripe, step.rows)) + _good(rest.result())
        step.rows({name: n for name, n in outcome.rows.items() if name.startswith("raw.")})
        return outcome


def ingest_all(
    settings: Settings, connections: list[Connection], on_progress: Progress | None = None
) -> RunOutcome:
    """Backfill the connections that were never read, bring in what changed of the others."""
    outcome = NOTHING
    new = [connection for connection in connections if connection.last_synced_at is None]
    if new:
        outcome += run_backfill(settings, new, on_progress=on_progress)
    known = [connection for connection in connections if connection.last_synced_at is not None]
    for provider in dict.fromkeys(connection.provider for connection in known):
        own = [connection for connection in known if connection.provider == provider]
        outcome += run_incremental(settings, provider, connections=own, on_progress=on_progress)
    return outcome


@dataclass(frozen=True, slots=True)
class Beside:
    """What the other process has been asked for since the typed layer is there."""

    trained: Future[RunOutcome]
    checks: dict[str, Future[RunOutcome]]


def _work_beside(settings: Settings, beside: Executor, typed: Future[str]) -> Future[Beside]:
    """Train models and check the raw edge in the other process, once the typed layer is there."""

    def begin() -> Beside:
        typed.exception()  # told where it is waited for
        trained = beside.submit(run_training, settings)
        return Beside(
            trained, {name: beside.submit(run_checks, settings, name) for name in PROVIDERS}
        )

    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(begin)
    finally:
        pool.shutdown(wait=False)


def _model(
    settings: Settings,
    steps: Steps,
    beside: Executor,
    fingerprint: str,
    begun: Future[Beside],
) -> RunOutcome:
    """Bring the marts up to date over the typed layer, while the raw edge is checked.

    Payouts are matched before them: the ledger posts bank lines as what they were found to be.
    """
    text = "Bring the marts up to date, run dbt's tests, check the raw edge, explain transactions"
    with steps.step(text):
        meanwhile = begun.result()
        outcome = _good(run_reconciliation(settings))
        outcome += _good(run_models(settings, "marts"))
        built_mark(settings.data_dir).write_text(fingerprint)
        ends = [meanwhile.trained, beside.submit(run_enrichment, settings)]
        # What the other process has not begun by now is checked here, the last of it first.
        for provider, check in reversed(meanwhile.checks.items()):
            if check.cancel():
                outcome += _good(run_checks(settings, provider))
            else:
                ends.append(check)
        outcome = sum((_good(end.result()) for end in ends), outcome)
        beside.shutdown(wait=False)  # its end takes seconds too
        return outcome


def _good(outcome: RunOutcome) -> RunOutcome:
    if not outcome.success:
        reasons = [*outcome.failed_connections.values(), outcome.error]
        raise DemoFailedError(
            "; ".join(filter(None, reasons)) or "A run failed.",
            next_step="Start `oppulence up` and look at the run in Dagster.",
        )
    return outcome


def _key(settings: Settings) -> str:
    """Let a program and a person in, and return the program's key."""
    database = Database.connect(settings, size=1)
    try:
        for tenant in (WORKSPACE, CLOCK):
            ensure_member(database, tenant, FOUNDER, Role.OWNER)
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
