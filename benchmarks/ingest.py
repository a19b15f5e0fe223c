"""How fast do pages of Stripe's JSON become typed, unified rows? Ours against two peers.

    ours       page bytes → verbatim slices → Arrow → dlt load → raw.stripe_charge → dbt's views
    dlt        the same objects as dicts through dlt's default nested-JSON path, same ClickHouse
    ClickHouse the same payloads, `INSERT … SELECT` from one Parquet file, same views: the floor

Charges of 3.2 KB are generated in this process before any clock starts; no network but loopback.
Every path runs three times, in turn, and its median counts. On a busy machine the CPU time tells
more than the clock: of this process and of the gateway, background merges included.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import psutil
import pyarrow.parquet as pq

from assets.manifest import DBT_COMMAND
from benchmarks.memory import family
from benchmarks.nested_json_destination import nested_json_destination
from benchmarks.report import report
from core.clock import epoch_microseconds, utc_now
from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.stack import running_engines
from pipelines.batches import Batch, RowBuffer, Sink, drained
from pipelines.ingest import ingest_pipeline, prepare_warehouse
from pipelines.source import provider_source
from pipelines.stripe.landing import Landing
from pipelines.stripe.pages import PAGE, check_page, items_of

ROWS = 100_000
PEER_ROWS = 10_000
RUNS = 3
PAGE_ROWS = 100
VIEWS = ("+transactions__stripe_charges", "+payment_attempts__stripe")
STATUSES = ("succeeded", "succeeded", "succeeded", "failed", "pending")


def charge(number: int) -> dict[str, Any]:
    """Return a charge with the fields that Stripe's have, 3.2 KB as JSON."""
    status = STATUSES[number % 5]
    address = {"city": "Lisbon", "country": "PT", "line1": "Rua Augusta 24", "line2": None,
               "postal_code": "1100-053", "state": None}  # fmt: skip
    nothing = ("application", "application_fee", "application_fee_amount", "failure_code",
               "failure_message", "on_behalf_of", "order", "receipt_number", "review", "shipping",
               "source_transfer", "statement_descriptor_suffix", "transfer_data", "transfer_group",
               "calculated_statement_descriptor", "failure_balance_transaction", "level3",
               "destination", "dispute", "invoice", "presentment_details")  # fmt: skip
    return {
        "id": f"ch_{number:024x}", "object": "charge", "amount": 100 + number % 9000,
        "amount_captured": 100 + number % 9000, "amount_refunded": 0,
        "balance_transaction": f"txn_{number:024x}", "captured": True,
        "created": 1_700_000_000 + number, "currency": ("usd", "eur", "jpy")[number % 3],
        "customer": f"cus_{number % 50_000:014x}", "description": f"Subscription update {number}",
        "billing_details": {"address": address, "email": f"c{number}@example.com",
                            "name": "Ana Sousa", "phone": None, "tax_id": None},
        "disputed": False, "fraud_details": {}, "livemode": True,
        "metadata": {"order_id": str(number), "plan": "team", "seats": "12", "campaign": "spring"},
        "outcome": {"advice_code": None, "network_advice_code": None,
                    "network_decline_code": None, "network_status": "approved_by_network",
                    "reason": None, "risk_level": "normal", "risk_score": number % 100,
                    "seller_message": "Payment complete.", "type": "authorized"},
        "paid": status == "succeeded", "payment_intent": f"pi_{number:024x}",
        "payment_method": f"pm_{number:024x}",
        "payment_method_details": {"type": "card", "card": {
            "amount_authorized": 100 + number % 9000, "authorization_code": None,
            "brand": "visa", "checks": {"address_line1_check": "pass",
                                        "address_postal_code_check": "pass", "cvc_check": "pass"},
            "country": "PT", "exp_month": 1 + number % 12, "exp_year": 2029,
            "extended_authorization": {"status": "disabled"}, "fingerprint": f"{number:016x}",
            "funding": "credit", "incremental_authorization": {"status": "unavailable"},
            "installments": None, "last4": f"{number % 10_000:04d}", "mandate": None,
            "multicapture": {"status": "unavailable"}, "network": "visa",
            "network_token": {"used": False}, "network_transaction_id": f"{number:015d}",
            "overcapture": {"maximum_amount_capturable": 100, "status": "unavailable"},
            "regulated_status": "unregulated", "three_d_secure": None, "wallet": None}},
        "radar_options": {}, "receipt_email": f"c{number}@example.com",
        "receipt_url": f"https://pay.stripe.com/receipts/payment/{number:0200x}",
        "refunded": False, "source": None, "statement_descriptor": "OPPULENCE", "status": status,
        "refunds": {"object": "list", "data": [], "has_more": False,
                    "url": f"/v1/charges/ch_{number:024x}/refunds"},
        **dict.fromkeys(nothing), "padding": "x" * 250,
    }  # fmt: skip


class Pages:
    """Stands in for `Sync`: the same work on each page, without the network."""

    def __init__(self, connection: Connection, pages: list[bytes]) -> None:
        self.connection = connection
        self.pages = pages

    async def work(self, sink: Sink, _: object) -> None:
        """Cut, check and land every page."""
        landing = Landing(sink, self.connection, "backfill", frozenset({"charge"}))
        held_at = epoch_microseconds(utc_now())
        previous = None
        for body in self.pages:
            page = PAGE.decode(body)
            items = items_of(page, "charge")
            check_page(
                items, has_more=page.has_more, previous=previous, low=0, high=0, is_dated=True
            )
            await landing.objects("charge", items, held_at)
            previous = items[-1]


@dataclass(frozen=True, slots=True)
class Cost:
    """What some rows took: seconds by the clock, and of CPU in this process and its children."""

    rows: int
    seconds: float
    client: float
    server: float

    @property
    def rate(self) -> float:
        """Rows per second by the clock."""
        return self.rows / self.seconds

    @property
    def processor(self) -> float:
        """Microseconds of CPU per row, of both sides."""
        return (self.client + self.server) / self.rows * 1e6

    def told(self) -> str:
        """Return it in words."""
        client, server = (each / self.rows * 1e6 for each in (self.client, self.server))
        return f"{self.rate:.0f} rows/s, CPU per row {client:.1f} us here + {server:.1f} us gateway"


def cost_of(rows: int, work: Callable[[], object]) -> Cost:
    """Run `work` and return what it cost."""
    engines = family(psutil.Process().pid)[1:]
    clock, client, server = time.perf_counter(), time.process_time(), _used(engines)
    work()
    return Cost(
        rows, time.perf_counter() - clock, time.process_time() - client, _used(engines) - server
    )


def _used(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def median(costs: list[Cost]) -> Cost:
    """Return the cost with the medians of all its parts."""
    return Cost(
        costs[0].rows,
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.client for cost in costs),
        statistics.median(cost.server for cost in costs),
    )


def ours(settings: Settings, connection: Connection, pages: list[bytes]) -> None:
    """Land pages on our path."""
    ingest_pipeline(settings, "stripe").run(
        provider_source("stripe", Pages(connection, pages).work)
    )  # type: ignore[arg-type]


def nested_json(settings: Settings, bodies: list[str]) -> None:
    """Take dlt's default path: dicts, normalized into typed columns and tables."""

    @dlt.resource(name="charges", primary_key="id", write_disposition="append")
    def charges() -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(bodies), PAGE_ROWS):
            yield [json.loads(body) for body in bodies[start : start + PAGE_ROWS]]

    pipeline = dlt.pipeline(
        "nested_json", pipelines_dir=str(settings.data_dir / "dlt"),
        destination=nested_json_destination(settings), dataset_name="peer",
    )  # fmt: skip
    pipeline.run(charges())


def bare_insert(warehouse: Warehouse, path: Path) -> None:
    """Have ClickHouse alone read the finished rows from Parquet."""
    warehouse.command(
        f"insert into raw.stripe_charge select * from file('{path}', Parquet)"
        " settings optimize_on_insert = 0"  # as ours
    )


def parquet_of(connection: Connection, pages: list[bytes], path: Path) -> None:
    """Write the rows that our path lands, as another workspace's."""
    collected: list[Batch] = []

    collected.extend(drained(lambda sink: Pages(connection, pages).work(sink, None)))
    with pq.ParquetWriter(path, RowBuffer().table().schema) as writer:
        for batch in collected:
            writer.write_table(batch.rows)


def build_views(settings: Settings) -> None:
    """Build what hangs on raw.stripe_charge up to the unified tables, with dbt itself."""
    project = str(settings.dbt_project_dir)
    artifacts = str(settings.data_dir / "dbt")
    command = [
        *(*DBT_COMMAND, "run", "--quiet", "--select", *VIEWS),
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", artifacts, "--log-path", artifacts),
    ]
    subprocess.run(command, check=True, env=settings.dbt_environment(), stdout=sys.stderr)


def unified_rows(warehouse: Warehouse, workspace: str, counted: str = "count()") -> int:
    """Return how many of a workspace's rows arrived at the far end."""
    query = (
        f"select {counted} as found from unified.transactions where workspace_id = {{id:String}}"
    )
    return int(warehouse.rows(query, {"id": workspace})[0]["found"])


def main() -> None:
    """Measure the three, and print four lines."""
    pages = []
    for start in range(ROWS - PAGE_ROWS, -1, -PAGE_ROWS):
        newest_first = [charge(n) for n in reversed(range(start, start + PAGE_ROWS))]
        pages.append(json.dumps({"data": newest_first, "has_more": True}).encode())
    size = sum(map(len, pages)) / ROWS
    print(f"  {ROWS} charges of {size:.0f} bytes", file=sys.stderr)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(
            Settings(data_dir=Path(folder)), needed=["clickhouse"], prepare=prepare_warehouse
        ) as settings,
    ):
        build_views(settings)
        warehouse = Warehouse.connect(settings)

        def owner(name: str) -> Connection:
            tenant = TenantId(f"ws_{name}")
            return Connection(tenant, "conn_bench", "stripe", "Bench", "acct_1", "", {})

        path = settings.data_dir / "clickhouse" / "charges.parquet"
        parquet_of(owner("bare"), pages, path)
        bodies = [json.dumps(charge(number)) for number in range(PEER_ROWS)]
        ours(settings, owner("warm"), pages[:5])
        nested_json(settings, bodies[:PAGE_ROWS])
        costs: dict[str, list[Cost]] = {"ours": [], "bare": [], "nested": []}
        for run in range(RUNS):
            mine = owner(f"ours{run}")
            costs["nested"].append(cost_of(PEER_ROWS, lambda: nested_json(settings, bodies)))
            costs["ours"].append(cost_of(ROWS, lambda mine=mine: ours(settings, mine, pages)))  # type: ignore[misc]
            costs["bare"].append(cost_of(ROWS, lambda: bare_insert(warehouse, path)))
            assert unified_rows(warehouse, f"ws_ours{run}") == ROWS
        # The same rows went in once per run.
        assert unified_rows(warehouse, "ws_bare", "uniqExact(id)") == ROWS
    ours_, bare, nested = (median(costs[name]) for name in ("ours", "bare", "nested"))
    print(f"  ours: {ours_.told()}", file=sys.stderr)
    for name, other, peer, goal in (
        ("nested_json", "dlt's nested JSON", nested, 20),
        ("bare_insert", "INSERT SELECT from Parquet", bare, 0.25),
    ):
        ratio = ours_.rate / peer.rate
        report(
            f"ingest.{name}", ours_.rate, "rows/s", peer=f"{other}: {peer.told()}", ratio=ratio,
            goal=f"ratio >= {goal}", met=ratio >= goal,
        )  # fmt: skip
        report(
            f"ingest.{name}_cpu", ours_.processor, "us/row", peer=f"{other}: {peer.told()}",
            ratio=peer.processor / ours_.processor, goal="for information", met=None,
        )  # fmt: skip


if __name__ == "__main__":
    main()
