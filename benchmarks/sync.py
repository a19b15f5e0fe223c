"""How fast are webhooks taken and applied? Against the published Stripe sync engines, side by side.

Needs `node` and a folder with the peers, their scripts and fixtures, named as the argument
(`python -m benchmarks.sync FOLDER`). Without them our own figures are measured alone. Everything
runs against one embedded Postgres, synchronous_commit on, one after the other on one machine:

    acknowledged   load generator ─► peer's HTTP endpoint / our API / our API's bare endpoint
    visible        200 events/s: from POST to `GET /v1/transactions`
    sustained      our API and worker together, as fast as is acknowledged: does the lag grow?
    memory         the API and the worker after many events, against after few
    visible again  when one workspace has just had all these events
"""

import hashlib
import hmac
import itertools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from benchmarks.http_load import Load, at_full, post_request
from benchmarks.report import report
from benchmarks.visibility import build_models
from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId
from core.webhook_secrets import WebhookSecrets
from local.ports import free_port
from local.stack import running_engines
from pipelines.ingest import prepare_warehouse
from serving.auth.key_store import issue_key

TENANT = TenantId("ws_benchmark")
SECRET = "whsec_bench"
EVENTS = 6_000
SUSTAINED_SECONDS = 60
SENDERS = 16
MANY = 200_000
PER_SECOND = 200


def main() -> None:
    """Measure, and print the figures."""
    peers = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path("peers").resolve()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(Settings(data_dir=Path(folder) / "data"), prepare=prepare_warehouse) as on,
    ):
        settings = on.model_copy(update={"api_port": free_port(), "log_level": "warning"})
        connection_id, key = prepare(settings)
        if (peers / "node_modules").exists() and shutil.which("node"):
            acknowledged(settings, peers, connection_id)
        build_models(settings)
        with api(settings) as process, worker(settings) as other:
            visible(settings, connection_id, key, "visible")
            sustained(settings, connection_id, [process, other])
            visible(settings, connection_id, key, "visible_after_many")


def prepare(settings: Settings) -> tuple[str, str]:
    """Make a workspace with a connection and its secret; return the connection's id and a key."""
    database = Database.connect(settings, size=1)
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    try:
        with database.tenant(TENANT) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'Bench')", [str(TENANT)])
        connection = ConnectionStore(database, box).connect(
            TENANT, provider="stripe", name="Bench", provider_account_id="acct_bench",
            api_url="http://stripe.invalid", credentials={"api_key": "sk_test_bench"},
        )  # fmt: skip
        with database.tenant(TENANT) as rows:
            store = WebhookSecrets(database, box)
            store.put_within(rows, TENANT, connection.id, [SECRET], utc_now())
        secret = settings.required("api_key_secret")
        key, _ = issue_key(database, TENANT, "benchmark", secret=secret, now=utc_now())
    finally:
        database.close()
    return connection.id, key


def acknowledged(settings: Settings, peers: Path, connection_id: str) -> None:
    """Compare acknowledged events a second with the faster peer, and with a bare endpoint."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    with peer(settings, peers) as url:
        found["peer"] = load(peers, url)
    with api(settings):
        base = f"http://127.0.0.1:{settings.api_port}"
        found["ours"] = load(peers, f"{base}/v1/webhooks/stripe/{connection_id}")
    with bare(settings) as url:
        found["bare"] = load(peers, url)
    for concurrency, least in ((16, 1.0), (64, 2.0)):
        ours, theirs = found["ours"][concurrency], found["peer"][concurrency]
        ratio = ours["events_per_s"] / theirs["events_per_s"]
        report(
            f"sync.acknowledged_{concurrency}", ours["events_per_s"], "events/s",
            peer=f"@supabase/stripe-sync-engine {theirs['events_per_s']} events/s", ratio=ratio,
            goal=f"ratio >= {least:g}", met=ratio >= least,
        )  # fmt: skip
        report(
            f"sync.p99_{concurrency}", ours["p99_ms"], "ms",
            peer=f"@supabase/stripe-sync-engine {theirs['p99_ms']} ms",
            ratio=ours["p99_ms"] / theirs["p99_ms"], goal="ratio <= 1",
            met=ours["p99_ms"] <= theirs["p99_ms"],
        )  # fmt: skip
        share = ours["events_per_s"] / found["bare"][concurrency]["events_per_s"]
        report(
            f"sync.of_bare_{concurrency}", ours["events_per_s"], "events/s",
            peer=f"verify and answer only: {found['bare'][concurrency]['events_per_s']} events/s",
            ratio=share, goal="for information", met=None,
        )  # fmt: skip


def load(peers: Path, url: str) -> dict[int, dict[str, Any]]:
    """Run the load generator; return its figures by concurrency, every event acknowledged."""
    fixtures = peers / "stripe_fixtures3.json"
    ran = subprocess.run(
        ["node", "stripe_webhook_load.mjs", url, str(EVENTS), "16,64"], cwd=peers, text=True,
        env=Settings().inherited_environment() | {"FIXTURES": str(fixtures), "WHSEC": SECRET},
        capture_output=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    for line in lines:
        assert line["codes"] == {"200": EVENTS}, line
    return {line["concurrency"]: line for line in lines}


@contextmanager
def peer(settings: Settings, peers: Path) -> Iterator[str]:
    """Run the faster peer behind its HTTP endpoint, on the same Postgres."""
    owner = settings.required("database_owner_url").rsplit("/", 1)[0]
    with psycopg.connect(settings.required("database_owner_url"), autocommit=True) as rows:
        if not rows.execute("select 1 from pg_roles where rolname = 'postgres'").fetchone():
            rows.execute("create role postgres")  # its migrations grant to this name
    environment = Settings().inherited_environment() | {
        "PG": owner.replace("postgresql://", "postgres://"), "SYNC_COMMIT": "on",
        "WHSEC": SECRET, "FIXTURES": str(peers / "stripe_fixtures3.json"), "ROOT": str(peers),
    }  # fmt: skip
    subprocess.run(
        ["node", "stripe_sync_bench.mjs", "supabase", "200", "1"], cwd=peers, env=environment,
        check=True, stdout=sys.stderr,
    )  # fmt: skip
    port = free_port()
    command = ["node", "stripe_sync_http.mjs", "supabase", str(port), "16"]
    with running(command, environment, cwd=peers, url=f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def bare(settings: Settings) -> Iterator[str]:
    """Run our server with an endpoint that only verifies the signature and answers."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_webhooks", str(port), SECRET]
    url = f"http://127.0.0.1:{port}/"
    with running(command, settings.child_environment(), url=url):
        yield url


@contextmanager
def api(settings: Settings) -> Iterator[psutil.Process]:
    """Run the API."""
    url = f"http://127.0.0.1:{settings.api_port}/health"
    command = [sys.executable, "-m", "serving"]
    with running(command, settings.child_environment(), url=url) as process:
        yield process


@contextmanager
def worker(settings: Settings) -> Iterator[psutil.Process]:
    """Run the worker."""
    command = [sys.executable, "-m", "oppulence", "worker"]
    with running(command, settings.child_environment()) as process:
        yield process


@contextmanager
def running(
    command: list[str], environment: dict[str, str], *, cwd: Path | None = None, url: str = ""
) -> Iterator[psutil.Process]:
    """Run a process until the block ends; wait until `url` answers, whatever it says."""
    with subprocess.Popen(command, env=environment, cwd=cwd, stdout=sys.stderr) as process:
        try:
            deadline = time.monotonic() + 120
            while url and time.monotonic() < deadline:
                try:
                    httpx.get(url, timeout=5)
                except httpx.TransportError:
                    time.sleep(0.1)
                else:
                    break
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def sustained(settings: Settings, connection_id: str, processes: list[psutil.Process]) -> None:
    """Post for a minute as fast as is acknowledged; compare the lag of its halves, and memory.

    Then more slowly, until memory has seen as many events as it is to be flat over.
    """
    system = Database.connect(settings, role="system", size=1)
    try:
        caught_up(system)  # with what was only acknowledged before
        with system.system() as rows:
            # The generator's events are of no API release, so their objects would be asked for,
            # and there is no Stripe here.
            rows.execute("delete from event_tasks")
        lags: list[int] = []
        memory: list[float] = []
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(1):
                lags.append(waiting(system))
                memory.append(sum(process.memory_info().rss for process in processes) / 1e6)

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            load = posted(settings, connection_id, seconds=SUSTAINED_SECONDS)
            while_sent = list(lags)
        finally:
            stop.set()
            watching.join()
        seconds = caught_up(system)
        report_lag(load, while_sent, seconds)
        stop.clear()
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            more = posted(settings, connection_id, events=max(1, MANY - len(load.seconds)))
        finally:
            stop.set()
            watching.join()
        caught_up(system)
    finally:
        system.close()
    growth = statistics.median(memory[-10:]) - statistics.median(memory[10:20])
    report(
        "sync.memory_growth", growth, "MB",
        peer=f"{len(load.seconds) + len(more.seconds)} events, API and worker together, from"
        f" {statistics.median(memory[10:20]):.0f} MB",
        ratio=None, goal=f"<= 40 MB over {MANY:,} events", met=growth <= 40,
    )  # fmt: skip


def report_lag(load: Load, lags: list[int], seconds: float) -> None:
    """Report whether events waited longer and longer while they were sent as fast as could be."""
    middle = len(lags) // 2
    first, last = statistics.median(lags[:middle]), statistics.median(lags[middle:])
    applied = len(load.seconds) / (load.elapsed + seconds)
    report(
        "sync.sustained", applied, "events/s",
        peer=f"acknowledged {load.per_second:.0f}/s over {load.elapsed:.0f} s at {SENDERS}"
        f" connections; events waiting, median of halves: {first:.0f}, {last:.0f}; all applied"
        f" {seconds:.1f} s after the last",
        ratio=applied / load.per_second, goal="applied as fast as acknowledged (ratio >= 0.95)",
        met=applied >= 0.95 * load.per_second,
    )  # fmt: skip


def posted(settings: Settings, connection_id: str, *, seconds: float = 0, events: int = 0) -> Load:
    """Post events as fast as they are acknowledged, for so many seconds or so many of them."""
    path = f"/v1/webhooks/stripe/{connection_id}"

    def bodies() -> Iterator[bytes]:
        for number in itertools.count():
            body = charge(f"ch_sustained_{seconds:g}_{number}")
            yield post_request(path, signed(body), body)

    load = at_full(
        settings.api_port, bodies(), concurrency=SENDERS,
        is_over=lambda number, elapsed: (
            number + SENDERS > events if events else elapsed >= seconds
        ),
    )  # fmt: skip
    assert not load.unexpected, load.unexpected[:5]
    return load


def visible(settings: Settings, connection_id: str, key: str, figure: str) -> None:
    """Send 200 events a second; from the POST to a page that shows it, of every tenth second's."""
    base = f"http://127.0.0.1:{settings.api_port}"
    headers = {"Authorization": f"Bearer {key}", "X-Workspace-Id": str(TENANT)}
    stop = threading.Event()

    def stream() -> None:
        with httpx.Client(timeout=60) as client:
            number, started = 0, time.monotonic()
            while not stop.is_set():
                body = charge(f"ch_{figure}_stream_{number}")
                url = f"{base}/v1/webhooks/stripe/{connection_id}"
                client.post(url, content=body, headers=signed(body))
                number += 1
                time.sleep(max(0.0, started + number / PER_SECOND - time.monotonic()))

    thread = threading.Thread(target=stream)
    thread.start()
    seconds = []
    with httpx.Client(base_url=base, timeout=60) as client:
        for number in range(30):
            name = f"ch_{figure}_probe_{number}"
            body = charge(name)
            began = time.perf_counter()
            path = f"/v1/webhooks/stripe/{connection_id}"
            client.post(path, content=body, headers=signed(body)).raise_for_status()
            while client.get(f"/v1/transactions/{name}", headers=headers).status_code != 200:
                assert time.perf_counter() - began < 60
                time.sleep(0.01)
            seconds.append(time.perf_counter() - began)
    stop.set()
    thread.join()
    p95 = statistics.quantiles(seconds, n=100, method="inclusive")[94]
    report(
        f"sync.{figure}_p95", p95, "s", peer=f"p50 {statistics.median(seconds):.2f} s", ratio=None,
        goal=f"< 1 s at {PER_SECOND} events/s", met=p95 < 1,
    )  # fmt: skip


def waiting(system: Database) -> int:
    """Return how many entries some store has not applied."""
    with system.system() as rows:
        row = rows.execute(
            "select count(*) as n from inbox i where position > (select coalesce(min(position), 0)"
            " from inbox_progress p where p.workspace_id = i.workspace_id)"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def caught_up(system: Database) -> float:
    """Wait until everything is applied; return how long that took."""
    began = time.monotonic()
    while waiting(system):
        assert time.monotonic() - began < 600
        time.sleep(0.1)
    return time.monotonic() - began


def charge(name: str) -> bytes:
    """Return an event of a charge of about three kilobytes."""
    now = int(time.time())
    shown = {
        "id": name, "object": "charge", "amount": 4900, "amount_captured": 4900,
        "amount_refunded": 0, "captured": True, "created": now, "currency": "usd",
        "customer": "cus_bench", "paid": True, "refunded": False, "status": "succeeded",
        "livemode": False, "disputed": False, "metadata": {"text": "x" * 2500},
    }  # fmt: skip
    event = {
        "id": f"evt_{name}", "object": "event", "created": now, "type": "charge.succeeded",
        "api_version": "2025-03-31.basil", "data": {"object": shown},
    }  # fmt: skip
    return json.dumps(event).encode()


def signed(body: bytes) -> dict[str, str]:
    """Return the header of a delivery made now."""
    at = int(time.time())
    made = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={made}"}


if __name__ == "__main__":
    main()
