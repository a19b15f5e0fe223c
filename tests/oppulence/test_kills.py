"""Is nothing lost when any process dies? The real ones, killed under load, with SIGKILL.

The sender behaves as a provider does: what is not acknowledged is sent again. What was, is in both
stores in the end, in its newest state.
"""

import hashlib
import hmac
import json
import os
import signal
import sys
import threading
import time

import httpx
import psutil
import pytest

from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from core.webhook_secrets import WebhookSecrets
from local.credentials import load_credentials
from local.lifeline import Lifeline
from local.ports import free_port
from local.postgres import create_database
from local.process import Part, Process
from local.stack import complete_settings, engine_parts, prepare_engines
from pipelines.ingest import prepare_warehouse
from tests.conftest import data_folder
from tests.local.processes import is_running

SECRET = "whsec_of_the_kills"
TENANT = TenantId("ws_kills")
OBJECTS, EVENTS = 20, 400
DEADLINE_SECONDS = 240.0

pytestmark = pytest.mark.timeout(600)


class Killable:
    """A part that can be killed and started again."""

    def __init__(self, part: Part, lifeline: Lifeline) -> None:
        self.part, self.lifeline = part, lifeline
        self.lines: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = Process(self.part, self.lifeline, self.lines.append)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self.process.is_ready():
            assert self.process.exit_code() is None, self.lines[-20:]
            assert time.monotonic() < deadline, self.part.name
            time.sleep(0.05)

    def die(self) -> None:
        theirs = psutil.Process(self.process.pid).children(recursive=True)
        os.kill(self.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + DEADLINE_SECONDS
        # Postgres does not start on a folder on which an orphan of the last one still works.
        while self.process.exit_code() is None or any(is_running(one.pid) for one in theirs):
            assert time.monotonic() < deadline, self.part.name
            time.sleep(0.02)
        self.start()


@pytest.fixture
def parts():
    with data_folder() as folder:
        lifeline = Lifeline()
        ports = {"clickhouse": free_port(), "postgres": free_port()}
        settings = Settings(data_dir=folder, api_port=free_port(), poll_seconds=3600)
        folder.mkdir(parents=True, exist_ok=True)
        credentials = load_credentials(folder)
        complete = complete_settings(settings, credentials, ports)
        running = {
            part.name: Killable(part, lifeline)
            for part in engine_parts(settings, credentials, ports)
        }
        create_database(credentials, ports["postgres"])
        prepare_engines(complete, ("clickhouse", "postgres"))
        prepare_warehouse(complete)
        yield complete, running, lifeline
        for one in reversed(running.values()):
            one.process.stop()
        lifeline.close()


def our_part(settings: Settings, name: str, *words: str, probe=lambda: True) -> Part:
    return Part(
        name=name, command=(sys.executable, "-m", *words),
        environment=settings.child_environment(), probe=probe,
    )  # fmt: skip


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def connected(settings: Settings) -> str:
    database = Database.connect(settings, size=1)
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    try:
        with database.tenant(TENANT) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'K')", [str(TENANT)])
        connection = ConnectionStore(database, box).connect(
            TENANT, provider="stripe", name="K", provider_account_id="acct_1",
            api_url="http://stripe.invalid", credentials={"api_key": "sk_test_1"},
        )  # fmt: skip
        with database.tenant(TENANT) as rows:
            store = WebhookSecrets(database, box)
            store.put_within(rows, TENANT, connection.id, [SECRET], utc_now())
    finally:
        database.close()
    return connection.id


def send(url: str, bodies: list[bytes], sent: list[int]) -> None:
    """Deliver everything, each until it is acknowledged."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    with httpx.Client(timeout=30) as client:
        for body in bodies:
            status = 0
            while status != 200:
                assert time.monotonic() < deadline
                at = int(time.time())
                signed = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
                headers = {"Stripe-Signature": f"t={at},v1={signed.hexdigest()}"}
                try:
                    status = client.post(url, content=body, headers=headers).status_code
                except httpx.HTTPError:
                    time.sleep(0.05)
            sent.append(status)


def test_what_was_acknowledged_is_in_both_stores_whoever_was_killed(parts):
    settings, running, lifeline = parts
    port = settings.api_port
    running["api"] = Killable(
        our_part(settings, "api", "serving", probe=lambda: answers(port)), lifeline
    )
    running["worker"] = Killable(our_part(settings, "worker", "oppulence", "worker"), lifeline)
    url = f"http://127.0.0.1:{port}/v1/webhooks/stripe/{connected(settings)}"
    start, truth, bodies = int(time.time()) - EVENTS, {}, []
    for number in range(EVENTS):
        shown = {"id": f"cus_{number % OBJECTS}", "object": "customer", "balance": number}
        truth[shown["id"]] = shown
        event = {
            "id": f"evt_{number}", "object": "event", "created": start + number,
            "type": "customer.updated", "api_version": "2025-03-31.basil",
            "data": {"object": shown},
        }  # fmt: skip
        bodies.append(json.dumps(event).encode())
    sent: list[int] = []
    halves = [bodies[::2], bodies[1::2][::-1]]
    threads = [
        threading.Thread(target=send, args=(url, half, sent), daemon=True) for half in halves
    ]
    for thread in threads:
        thread.start()
    for name in ("worker", "api", "postgres", "clickhouse", "worker"):
        running[name].die()
        time.sleep(0.3)
    for thread in threads:
        thread.join()
    assert len(sent) == EVENTS
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (held := stores(settings)) != (truth, truth, EVENTS):
        assert time.monotonic() < deadline, (len(held[0]), len(held[1]), held[2])
        time.sleep(0.3)


def stores(settings: Settings) -> tuple[dict, dict, int]:
    """Return Postgres' and ClickHouse's customers, and the number of events."""
    database = Database.connect(settings, role="system", size=1)
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        with database.system() as rows:
            latest = rows.execute("select id, payload from latest_objects").fetchall()
        landed = warehouse.rows("select id, payload from raw.stripe_customer final")
        (events,) = warehouse.rows("select count() as n from raw.stripe_event final")
    finally:
        database.close()
        warehouse.close()
    return (
        {row["id"]: row["payload"] for row in latest},
        {row["id"]: json.loads(row["payload"]) for row in landed},
        events["n"],
    )
