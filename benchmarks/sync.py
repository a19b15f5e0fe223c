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

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.report import report
from benchmarks.sync_events import SECRET, charge, signed
from benchmarks.sync_lag import sustained
from benchmarks.sync_servers import api, bare, peer, worker
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
EVENTS = 6_000
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


if __name__ == "__main__":
    main()
