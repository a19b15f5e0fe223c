"""Does one workspace's flood hold up another's events? 10,000 of one, then one of another.

The loud workspace's events are committed at once, as its provider would deliver them after a day
away; then single events of a quiet one arrive, and each is timed from its POST until both stores
have it, for as long as the flood is being applied.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.report import report
from benchmarks.sync import prepare
from benchmarks.sync_events import SECRET, charge, signed
from benchmarks.sync_servers import api, worker
from benchmarks.visibility import build_models
from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.inbox import APPEND_DELIVERED, Arrival, delivered_values
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId
from core.webhook_secrets import WebhookSecrets
from local.ports import free_port
from local.stack import running_engines
from pipelines.ingest import prepare_warehouse

EVENTS = 10_000
QUIET = TenantId("ws_quiet")
GOAL_SECONDS = 2.0
_PENDING = """
select count(*) as n from inbox i where workspace_id = %s and position > (
    select coalesce(min(position), 0) from inbox_progress p where p.workspace_id = i.workspace_id)
"""


def main() -> None:
    """Measure, and print the figures; `python -m benchmarks.flood` alone."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(Settings(data_dir=Path(folder) / "data"), prepare=prepare_warehouse) as on,
    ):
        settings = on.model_copy(update={"api_port": free_port(), "log_level": "warning"})
        loud, _ = prepare(settings)
        build_models(settings)
        measure(settings, loud)


def measure(settings: Settings, loud: str) -> None:
    """Flood one connection, and time another's events meanwhile."""
    quiet = connect_quiet(settings)
    url = f"http://127.0.0.1:{settings.api_port}/v1/webhooks/stripe/{quiet}"
    system = Database.connect(settings, role="system", size=1)
    seconds: list[float] = []
    try:
        with api(settings), worker(settings), httpx.Client(timeout=60) as client:
            tell(client, url, system, "ch_first")  # everybody is awake
            flood(settings, loud)
            began = time.monotonic()
            while waiting(system, "ws_benchmark"):
                seconds.append(tell(client, url, system, f"ch_quiet_{len(seconds)}"))
            drained = time.monotonic() - began
    finally:
        system.close()
    if not seconds:
        sys.exit("The flood was over before an event of the other workspace came.")
    worst = max(seconds)
    report(
        "sync.behind_a_flood", worst, "s",
        peer=f"{len(seconds)} events of the other workspace, median"
        f" {statistics.median(seconds):.2f} s; the {EVENTS:,} took {drained:.1f} s",
        ratio=None, goal=f"<= {GOAL_SECONDS:g} s", met=worst <= GOAL_SECONDS,
    )  # fmt: skip


def connect_quiet(settings: Settings) -> str:
    """Make the other workspace; return its connection's id."""
    database = Database.connect(settings, size=1)
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    try:
        with database.tenant(QUIET) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'Quiet')", [str(QUIET)])
        connection = ConnectionStore(database, box).connect(
            QUIET, provider="stripe", name="Quiet", provider_account_id="acct_quiet",
            api_url="http://stripe.invalid", credentials={"api_key": "sk_test_quiet"},
        )  # fmt: skip
        with database.tenant(QUIET) as rows:
            store = WebhookSecrets(database, box)
            store.put_within(rows, QUIET, connection.id, [SECRET], utc_now())
    finally:
        database.close()
    return connection.id


def flood(settings: Settings, loud: str) -> None:
    """Commit the loud workspace's events in one go."""
    arrivals = [
        Arrival("ws_benchmark", "stripe", loud, f"evt_flood_{n}", charge(f"ch_flood_{n}"))
        for n in range(EVENTS)
    ]
    database = Database.connect(settings, role="system", size=1)
    try:
        with database.system() as rows:
            rows.execute(APPEND_DELIVERED, delivered_values(arrivals))
    finally:
        database.close()


def tell(client: httpx.Client, url: str, system: Database, name: str) -> float:
    """Deliver one event of the quiet workspace; return the seconds until both stores have it."""
    body = charge(name)
    began = time.perf_counter()
    client.post(url, content=body, headers=signed(body)).raise_for_status()
    while waiting(system, str(QUIET)):
        time.sleep(0.01)
    return time.perf_counter() - began


def waiting(system: Database, workspace: str) -> int:
    """Return how many of a workspace's entries some store has not applied."""
    with system.system() as rows:
        row = rows.execute(_PENDING, [workspace]).fetchone()
    assert row is not None
    return int(row["n"])


if __name__ == "__main__":
    main()
