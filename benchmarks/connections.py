"""What do 200 connections cost against one? Every provider, in one Dagster run, sandbox to unified.

    python -m benchmarks.connections [--providers plaid,teller] [--connections 200] [--data FOLDER]

Connections are linked by the providers' own consent flows at a sandbox whose clock stands still,
then landed by `orchestration.runs.run_backfill` behind dbt's whole streaming layer: a row counts
when it is in `unified`. One connection is measured three times (the median counts) after a run that
warms everything, then all together; each must bring the same rows. Last, the sandbox's counters
must show no refusal and no request beyond what the provider publishes.

GoCardless allows one application a hundred calls a minute about accounts: its two hundred wait for
that and for nothing else, so it is measured with this limit lifted, and the wait is computed.
With --data, what was built stays in the folder for the next time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx

from benchmarks.published_limits import breaches
from benchmarks.report import report
from core.connections import Connection, ConnectionStore
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.stack import running_engines
from oppulence.connect import keep
from oppulence.demo_providers import Bank, linked
from oppulence.migrate import build_models, prepare_databases
from oppulence.sandbox_applications import with_sandbox_applications
from oppulence.session import connection_store
from oppulence.workspaces import ensure_workspace
from orchestration.runs import run_backfill
from pipelines.registry import PROVIDERS
from sandbox.process import RunningSandbox, running_sandbox

CONNECTIONS = 200
WARM, MEASURED = 1, 3
GOAL = 10
A_MINUTE = 1_000_000
# What is counted as a provider's transactions: banks' and Stripe's money, the books' documents.
COUNTED = {"quickbooks": "accounting_documents", "xero": "accounting_documents"}
_NUMBERS = count(1)


def main() -> None:
    """Take the options, prepare, measure each provider."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--providers", default=",".join(PROVIDERS))
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with prepared(options.data) as (settings, sandbox), connection_store(settings) as store:
        for provider in options.providers.split(","):
            measure(settings, store, sandbox, provider, options.connections)


@contextmanager
def prepared(data: Path | None) -> Iterator[tuple[Settings, RunningSandbox]]:
    """Yield engines with dbt's streaming layer, and the sandbox that settings point at."""
    with tempfile.TemporaryDirectory() as passing:
        folder = (data or Path(passing)).resolve()
        with (
            running_engines(
                Settings(data_dir=folder), needed=("clickhouse", "postgres")
            ) as engines,
            running_sandbox(folder / "sandbox", "--scale", "3") as sandbox,
        ):
            settings = at_sandbox(engines, sandbox)
            clock = {"frozen": True}
            httpx.post(f"{sandbox.url}/_sandbox/clock", json=clock).raise_for_status()
            mark = folder / "benchmark-is-built"
            if not mark.exists():
                prepare_databases(settings, say=lambda text: print(text, file=sys.stderr))
                build_models(settings, with_marts=False)
                mark.touch()
            yield settings, sandbox


def at_sandbox(settings: Settings, sandbox: RunningSandbox) -> Settings:
    """Return settings whose providers are this sandbox's, as fast as each provider allows."""
    port = httpx.URL(sandbox.url).port
    limits = {"accounts_per_minute": A_MINUTE}
    httpx.post(f"{sandbox.url}/gocardless/_limits", json=limits).raise_for_status()
    return with_sandbox_applications(
        settings.model_copy(update={"sandbox_port": port, "gocardless_calls_per_minute": A_MINUTE})
    )


def measure(
    settings: Settings, store: ConnectionStore, sandbox: RunningSandbox, provider: str, number: int
) -> None:
    """Land one connection several times, then `number` together; report both and the ratio."""
    singles = [link(settings, store, sandbox, provider, 1) for _ in range(WARM + MEASURED)]
    many = link(settings, store, sandbox, provider, number)
    print(f"  {provider}: {number} linked", file=sys.stderr)
    httpx.delete(f"{sandbox.url}/_sandbox/requests").raise_for_status()
    alone = [land(settings, provider, connections) for connections in singles]
    one = statistics.median(seconds for seconds, _ in alone[WARM:])
    rows = alone[0][1]
    seconds, landed = land(settings, provider, many)
    assert rows > 0, provider
    assert {found for _, found in alone} == {rows}, alone
    assert landed == rows * number, (landed, rows)
    counters = httpx.get(f"{sandbox.url}/_sandbox/requests", timeout=60).json()
    found = breaches(provider, counters)
    requests = counters["providers"][provider]["total"]
    peer = f"one: {rows:,} in {one:.2f} s ({rows / one:,.0f}/s)"
    peer += f"; {number}: {landed:,} in {seconds:.2f} s"
    if provider == "gocardless":
        wait = f"{requests / (number + WARM + MEASURED) * number / 100:.0f} minutes"
        peer += f"; at its 100 calls a minute they take {wait}, whoever asks"
    report(
        f"connections.{provider}", landed / seconds, "transactions/s", peer=peer,
        ratio=seconds / one, goal=f"{number} take < {GOAL} times the one", met=seconds < GOAL * one,
    )  # fmt: skip
    report(
        f"connections.{provider}_limits", len(found), "requests refused or beyond a limit",
        peer="; ".join(found) or f"{requests:,} requests, by the sandbox's counters", ratio=None,
        goal="none", met=not found,
    )  # fmt: skip


def land(settings: Settings, provider: str, connections: Sequence[Connection]) -> tuple[float, int]:
    """Run the backfill; return its seconds and how many transactions are in unified of it."""
    started = time.perf_counter()
    outcome = run_backfill(settings, connections)
    seconds = time.perf_counter() - started
    assert outcome.success, (outcome.error, outcome.failed_connections)
    assert len(outcome.run_ids) == 1, outcome.run_ids
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        [counted] = warehouse.rows(
            f"select count() as found from unified.{COUNTED.get(provider, 'transactions')} final"
            " where connection_id in {ids:Array(String)}",
            {"ids": [connection.id for connection in connections]},
        )
    finally:
        warehouse.close()
    print(f"  {provider}: {len(connections)} in {seconds:.2f} s", file=sys.stderr)
    return seconds, int(counted["found"])


def link(
    settings: Settings,
    store: ConnectionStore,
    sandbox: RunningSandbox,
    provider: str,
    number: int,
) -> list[Connection]:
    """Connect so many accounts that nobody is connected to yet, each in a workspace of its own."""
    found = []
    for _ in range(number):
        tenant = TenantId(f"ws_{provider}{next(_NUMBERS)}x{time.time_ns()}")
        ensure_workspace(store.database, tenant)
        found.append(one(settings, store, sandbox, tenant, provider))
    return found


def one(
    settings: Settings,
    store: ConnectionStore,
    sandbox: RunningSandbox,
    tenant: TenantId,
    provider: str,
) -> Connection:
    """Link one account by its provider's flow."""
    number = time.time_ns() % 10**12
    choices: Mapping[str, Bank] = {
        "plaid": Bank("plaid", {"institution_id": "ins_900101"}),
        "teller": Bank("teller", credentials={"access_token": f"test_token_{number}"}),
        "gocardless": Bank("gocardless", {"institution_id": "HANSA_HANDELSBANK_HNSADEHH"}),
        "enablebanking": Bank("enablebanking", {"aspsp": "Hansa Handelsbank", "country": "DE"}),
        "quickbooks": Bank("quickbooks", picked={"company": str(number)}),
        "xero": Bank("xero", picked={"organisation": str(number)}),
    }
    if provider == "stripe":
        return connect_stripe(store, tenant, sandbox, number)
    return keep(store, tenant, provider, linked(settings, tenant, choices[provider]))


def connect_stripe(
    store: ConnectionStore, tenant: TenantId, sandbox: RunningSandbox, number: int
) -> Connection:
    """Connect the sandbox's account once more, by a key that is limited and counted by itself."""
    return store.connect(
        tenant, provider="stripe", name="Bench", provider_account_id=f"acct_{number}",
        api_url=sandbox.url, credentials={"api_key": f"rk_test_northwind_1_{number}"},
    )  # fmt: skip


if __name__ == "__main__":
    main()
