"""How fast does recovery move, hear and simulate? Against limits, on embedded engines.

due        100,000 live episodes, 20,000 of them due: steps committed a second, one worker
heard      a declined payment at the sandbox, by webhook, to the first action of its flow
simulated  10,000 past failures through a ready flow
facts      what the books say of each of them (benchmarks/recovery_facts.py)
year       what the worker's process holds at the quarters of a year (benchmarks/recovery_year.py)

`--parts heard` measures no more than that.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from psycopg.types.json import Jsonb

from benchmarks import recovery_facts, recovery_year
from benchmarks.report import report
from core.clock import utc_now
from core.connections import ConnectionStore
from core.database import Database
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId
from local.ports import free_port
from local.stack import running_engines
from recovery.engine.episode import Terms
from recovery.flows.document import document_of, flow_of
from recovery.flows.library import library_flow
from recovery.running import run_due
from recovery.simulation.history import PastFailure, PastTry
from recovery.simulation.outcome import simulate
from recovery.store import settings as settings_store
from recovery.store.flows import FlowBook
from sandbox.process import running_sandbox

TENANT = TenantId("ws_bench")
PARTS = ("simulated", "facts", "due", "year", "heard")
LIVE, DUE, AT_ONCE = 100_000, 20_000, 10_000
FAILURES = 60
PAST = 10_000
CARDS = 4_000
ROUND = {
    "name": "Round", "trigger": {"causes": ["one_off"]}, "start": "kind",
    "steps": {
        "kind": {"kind": "branch", "cases": [{"when": {"fact": "amount", "op": "gte", "value": 50,
                 "currency": "EUR"}, "next": "wait"}], "otherwise": "wait"},
        "wait": {"kind": "wait", "until": {"kind": "duration", "days": 1}, "next": "kind"},
    },
}  # fmt: skip
WRITE = {
    "name": "Write",
    "trigger": {"causes": ["one_off"]},
    "start": "write",
    "quiet_hours": {"start_hour": 0, "end_hour": 0},
    "steps": {
        "write": {"kind": "message", "template": "payment_failed", "next": "over"},
        "over": {"kind": "end"},
    },
}
_SEED = """
insert into recovery_episodes
    (workspace_id, id, connection_id, subject_kind, subject_id, cause, customer_id, amount_minor,
     currency, facts, flow_id, flow_version, step, state, memory, revision, due_at, opened_at,
     updated_at)
select %(workspace)s, 'ep_' || n, %(connection)s, 'invoice', 'in_' || n, 'one_off', 'cus_' || n,
    n, 'EUR', '{"decline_class": "soft", "attempts": 1, "plans": ["pro", "price_1"]}', 'flow', 1,
    'wait', 'running', '{"phase": "armed"}', 1,
    %(now)s + make_interval(secs => case when n <= %(due)s then -1 else n end), %(now)s, %(now)s
from generate_series(%(first)s::int, %(last)s::int) as n
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure on fresh engines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    wanted = parser.parse_args(arguments).parts
    if "simulated" in wanted:
        simulated()
    if set(wanted) == {"simulated"}:
        return
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running_engines(Settings(data_dir=Path(folder) / "data")) as on,
        running_sandbox(Path(folder) / "stripe", "--scale", "1") as stripe,
    ):
        settings = on.model_copy(update={"api_port": free_port(), "log_level": "warning"})
        database = Database.connect(settings, size=2)
        connection_id = prepare(settings, database, stripe.url, stripe.api_key)
        if "facts" in wanted:
            recovery_facts.measure(settings)
        if "due" in wanted:
            due(settings, database, connection_id)
        if "year" in wanted:
            publish(database, recovery_year.WEEKLY, "weekly")
            recovery_year.measure(settings, database, TENANT, connection_id, "weekly")
        if "heard" in wanted:
            heard(settings, database, stripe.url, stripe.api_key)
        database.close()


def prepare(settings: Settings, database: Database, url: str, key: str) -> str:
    """Make a workspace that recovers its sandbox account's payments; return the connection's id."""
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    with database.tenant(TENANT) as rows:
        rows.execute("insert into workspaces (id, name) values (%s, 'Bench')", [str(TENANT)])
    connection = ConnectionStore(database, box).connect(
        TENANT, provider="stripe", name="Bench", provider_account_id="acct_bench", api_url=url,
        credentials={"api_key": key},
    )  # fmt: skip
    values = {"is_enabled": True, "owner": "oppulence", "timezone": "UTC"}
    with database.tenant(TENANT) as rows:
        settings_store.put(rows, str(TENANT), connection.id, values, utc_now())
    return connection.id


def publish(database: Database, document: dict[str, Any], name: str) -> None:
    """Put a flow to work."""
    kept, now = Jsonb(document_of(flow_of(document))), utc_now()
    with database.tenant(TENANT) as rows:
        rows.execute("update recovery_flows set state = 'archived'")
        rows.execute(
            "insert into recovery_flows (workspace_id, id, name, state, rank, draft, live_version,"
            " last_version, created_at, updated_at)"
            " values (%s, %s, %s, 'live', 1, %s, 1, 1, %s, %s)",
            [str(TENANT), name, name, kept, now, now],
        )
        rows.execute(
            "insert into recovery_flow_versions (workspace_id, flow_id, version, document,"
            " published_at, published_by) values (%s, %s, 1, %s, %s, 'bench')",
            [str(TENANT), name, kept, now],
        )


def due(settings: Settings, database: Database, connection_id: str) -> None:
    """Move everything that is due among many that are not; then forget it."""
    publish(database, ROUND, "flow")
    now = utc_now()
    names = {"workspace": str(TENANT), "connection": connection_id}
    values = {**names, "now": now, "due": DUE}
    for first in range(1, LIVE, AT_ONCE):
        with database.tenant(TENANT) as rows:
            rows.execute(_SEED, {**values, "first": first, "last": first + AT_ONCE - 1})
    system = Database.connect(settings, role="system", size=2)
    with system.system() as rows:
        rows.execute("analyze recovery_episodes")
    book, steps, started = FlowBook(), 0, time.monotonic()
    while moved := run_due(system, book, now):
        steps += moved
    seconds = time.monotonic() - started
    system.close()
    assert steps == 3 * DUE, steps  # the wait is over, the branch taken, the next wait begun
    report(
        "recovery.due_steps", steps / seconds, "steps/s", peer=f"{LIVE} live episodes",
        ratio=None, goal="for information", met=None,
    )  # fmt: skip
    with database.tenant(TENANT) as rows:
        rows.execute("delete from recovery_episodes")


def heard(settings: Settings, database: Database, url: str, key: str) -> None:
    """Time from the answer of a declined payment to the start of its flow's first action."""
    publish(database, WRITE, "write")
    with running(settings, "serving"), running(settings, "oppulence", "worker"):
        stripe = httpx.Client(base_url=url, auth=(key, ""), timeout=30)
        wait_for(lambda: stripe.get("/v1/webhook_endpoints").json()["data"])

        def fail(number: int) -> dict[str, datetime]:
            found = {}
            for _ in range(number):
                found[declined_invoice(stripe)] = utc_now()
                time.sleep(0.2)
            return found

        query = (
            "select e.subject_id, min(a.started_at) as started_at from recovery_episodes e"
            " join recovery_actions a on a.workspace_id = e.workspace_id and a.episode_id = e.id"
            " where a.started_at is not null group by e.subject_id"
        )

        def begun() -> dict[str, datetime]:
            with database.tenant(TENANT) as rows:
                return {row["subject_id"]: row["started_at"] for row in rows.execute(query)}

        # The first wait until both processes are up: what they were sent meanwhile is a backlog.
        warming = fail(FAILURES // 6)
        wait_for(lambda: warming.keys() <= begun().keys())
        declined = fail(FAILURES)
        wait_for(lambda: declined.keys() <= begun().keys())
        started = begun()
    seconds = sorted((started[one] - at).total_seconds() for one, at in declined.items())
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"median {statistics.median(seconds):.3f} s, p95 {p95:.3f} s", file=sys.stderr)
    report(
        "recovery.heard_p95", p95, "s", peer="limit 2 s", ratio=None, goal="p95 < 2", met=p95 < 2
    )


def declined_invoice(stripe: httpx.Client) -> str:
    """Have a new customer's invoice declined; return its id."""

    def post(path: str, **form: Any) -> dict[str, Any]:
        found: dict[str, Any] = stripe.post(path, data=form).json()
        return found

    buyer = post("/v1/customers", email="payer@example.com")["id"]
    method = post("/v1/payment_methods", type="card", **{"card[token]": "tok_visa"})["id"]
    post(f"/v1/payment_methods/{method}/attach", customer=buyer)
    script = {"payment_method": method, "script": ["insufficient_funds"]}
    stripe.post("/_sandbox/cards", json=script).raise_for_status()
    post(f"/v1/customers/{buyer}", **{"invoice_settings[default_payment_method]": method})
    invoice = post("/v1/invoices", customer=buyer, currency="eur")["id"]
    post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=4900, currency="eur")
    assert "error" in post(f"/v1/invoices/{invoice}/pay")
    return str(invoice)


def simulated() -> None:
    """Replay ten thousand failures of a year."""
    chance = random.Random(1)
    began = datetime(2025, 1, 1, tzinfo=UTC)
    past = []
    for number in range(PAST):
        at = began + timedelta(minutes=chance.randrange(525_600))
        kind = chance.choice(("soft", "soft", "soft", "hard"))
        tries = [PastTry(at, is_success=False, decline_class=kind)]
        for day in (2, 5, 9, 14)[: chance.randrange(5) if kind == "soft" else 0]:
            is_paid = chance.random() < 0.25
            tries.append(PastTry(at + timedelta(days=day), is_paid, "none" if is_paid else kind))
            if is_paid:
                break
        facts = {"decline_class": kind, "attempts": 1, "has_email": True}
        amount = chance.randrange(500, 90_000)
        past.append(
            PastFailure(
                f"pi_{number}",
                f"cus_{number}",
                "renewal",
                amount,
                "EUR",
                facts,
                tuple(tries),
                card=f"pm_{chance.randrange(CARDS)}",
            )
        )
    started = time.monotonic()
    found = simulate(library_flow("soft_decline"), past, Terms("oppulence", ZoneInfo("UTC")))
    seconds = time.monotonic() - started
    print(json.dumps({"taken": found.taken, "actions": dict(found.actions)}), file=sys.stderr)
    report(
        "recovery.simulated", seconds, "s", peer=f"{PAST} failures, limit 30 s", ratio=None,
        goal="< 30", met=seconds < 30,
    )  # fmt: skip


@contextmanager
def running(settings: Settings, *module: str) -> Iterator[None]:
    """Run a part of the platform in a process of its own."""
    command = [sys.executable, "-m", *module]
    with subprocess.Popen(
        command, env=settings.child_environment(), stdout=sys.stderr, stderr=sys.stderr
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def wait_for(holds: Any, seconds: float = 120) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: It never did.
    """
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("it never came")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
