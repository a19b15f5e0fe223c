"""How soon does a row that lands in raw answer a request? `INSERT` to `GET /v1/transactions`.

Starts the embedded engines and the API of this tree, builds the Stripe models that lie between with
dbt, then inserts one charge at a time into `raw.stripe_charge` and asks the API until it shows it.
The clock starts before the insert is sent and stops when the answer with the row is in.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import uvicorn

from benchmarks.report import report
from core.clock import epoch_microseconds, utc_now
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.ports import free_port
from local.stack import running_engines
from pipelines.ingest import prepare_warehouse
from serving.app import create_app
from serving.auth.key_store import issue_key

INSERTS = 100
LIMIT_SECONDS = 1.0
GIVE_UP_SECONDS = 10.0
TENANT = TenantId("ws_benchmark")
COLUMNS = [
    "workspace_id", "connection_id", "id", "version", "is_deleted", "origin", "extracted_at",
    "payload",
]  # fmt: skip


def main() -> None:
    """Measure, and print the two figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(Settings(data_dir=Path(folder)), prepare=prepare_warehouse) as settings,
    ):
        build_models(settings)
        key = create_workspace(settings)
        application = create_app(settings)
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(application, port=port, log_config=None))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            seconds = measure(settings, f"http://127.0.0.1:{port}", key)
        finally:
            server.should_exit = True
            thread.join()
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    for name, figure in (("p50", percentiles[49]), ("p95", percentiles[94])):
        report(
            f"visibility.{name}", figure, "s", peer=f"{LIMIT_SECONDS} s", ratio=None,
            goal=f"<= {LIMIT_SECONDS} s over {INSERTS} inserts", met=figure <= LIMIT_SECONDS,
        )  # fmt: skip


def build_models(settings: Settings) -> None:
    """Build what lies between raw.stripe_charge and unified.transactions, with dbt itself."""
    command = [
        str(Path(sys.executable).parent / "dbt"), "run", "--quiet", "--no-version-check",
        "--select", "path:models/staging", "path:models/unified",
        "--project-dir", str(settings.dbt_project_dir),
        "--profiles-dir", str(settings.dbt_project_dir),
        "--target-path", str(settings.data_dir / "dbt" / "target"),
        "--log-path", str(settings.data_dir / "dbt" / "logs"),
    ]  # fmt: skip
    subprocess.run(command, check=True, env=settings.dbt_environment(), stdout=sys.stderr)


def create_workspace(settings: Settings) -> str:
    """Create the workspace and return a key to it."""
    database = Database.connect(settings, size=1)
    try:
        with database.tenant(TENANT) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'Bench')", [str(TENANT)])
        secret = settings.required("api_key_secret")
        return issue_key(database, TENANT, "benchmark", secret=secret, now=utc_now())[0]
    finally:
        database.close()


def measure(settings: Settings, url: str, key: str) -> list[float]:
    """Return the seconds from insert to sight of each row."""
    warehouse = Warehouse.connect(settings, pool_size=1)
    headers = {"Authorization": f"Bearer {key}", "X-Workspace-Id": str(TENANT)}
    seconds = []
    with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
        wait_until_it_answers(api)
        for number in range(-5, INSERTS):  # the first five warm both sides and are not counted
            row = charge(f"ch_bench_{number:05}")
            started_at = time.perf_counter()
            warehouse.insert_rows("raw.stripe_charge", [row], COLUMNS)
            while not shows(api, str(row[2])):
                if time.perf_counter() - started_at > GIVE_UP_SECONDS:
                    raise TimeoutError(f"{row[2]} is not visible after {GIVE_UP_SECONDS} s")
            if number >= 0:
                seconds.append(time.perf_counter() - started_at)
    warehouse.close()
    return seconds


def wait_until_it_answers(api: httpx.Client) -> None:
    """Wait for the server's start."""
    for _ in range(200):
        try:
            api.get("/health")
        except httpx.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the API did not start")


def shows(api: httpx.Client, charge_id: str) -> bool:
    """Say whether the API's first page holds the charge."""
    answer = api.get("/v1/transactions", params={"provider": "stripe", "type": "charge"})
    answer.raise_for_status()
    return any(row["id"] == charge_id for row in answer.json()["data"])


def charge(charge_id: str) -> list[object]:
    """Return a raw row of one succeeded charge, made now."""
    now = utc_now()
    payload = {
        "id": charge_id, "object": "charge", "amount": 4900, "amount_captured": 4900,
        "amount_refunded": 0, "captured": True, "created": int(now.timestamp()),
        "currency": "usd", "customer": "cus_bench", "paid": True, "refunded": False,
        "status": "succeeded", "livemode": False, "disputed": False, "metadata": {},
    }  # fmt: skip
    return [
        str(TENANT), "conn_benchmark", charge_id, epoch_microseconds(now), 0, "webhook", now,
        json.dumps(payload),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
