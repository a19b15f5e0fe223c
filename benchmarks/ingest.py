"""How fast do pages of Stripe's JSON become typed, unified rows? Ours against two peers.

    ours       page bytes → verbatim slices → Arrow → dlt load → raw.stripe_charge → dbt's views
    dlt        the same objects as dicts through dlt's default nested-JSON path, same ClickHouse
    ClickHouse the same payloads, `INSERT … SELECT` from one Parquet file, same views: the floor

Charges of 3.2 KB are generated in this process before any clock starts; no network but loopback.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow.parquet as pq

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
from pipelines.stripe.landing import Landing
from pipelines.stripe.pages import PAGE, check_page, items_of
from pipelines.stripe.source import stripe

ROWS = 100_000
PEER_ROWS = 5_000
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


def ours(settings: Settings, connection: Connection, pages: list[bytes]) -> float:
    """Return the seconds that our path takes."""
    pipeline = ingest_pipeline(settings, "stripe")
    started = time.perf_counter()
    pipeline.run(stripe(Pages(connection, pages)))
    return time.perf_counter() - started


def nested_json(settings: Settings, rows: int) -> float:
    """Return the seconds of dlt's default path: dicts, normalized into typed columns and tables."""
    bodies = [json.dumps(charge(n)) for n in range(rows)]

    @dlt.resource(name="charges", primary_key="id", write_disposition="append")
    def charges() -> Iterator[list[dict[str, Any]]]:
        for start in range(0, rows, PAGE_ROWS):
            yield [json.loads(body) for body in bodies[start : start + PAGE_ROWS]]

    pipeline = dlt.pipeline(
        "nested_json", pipelines_dir=str(settings.data_dir / "dlt"),
        destination=nested_json_destination(settings), dataset_name="peer",
    )  # fmt: skip
    started = time.perf_counter()
    pipeline.run(charges())
    return time.perf_counter() - started


def bare_insert(warehouse: Warehouse, path: Path) -> float:
    """Return the seconds of ClickHouse alone, reading the finished rows from Parquet."""
    started = time.perf_counter()
    warehouse.command(f"insert into raw.stripe_charge select * from file('{path}', Parquet)")
    return time.perf_counter() - started


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
        *(sys.executable, "-m", "dbt.cli.main", "run", "--quiet", "--select", *VIEWS),
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", artifacts, "--log-path", artifacts),
    ]
    subprocess.run(command, check=True, env=settings.dbt_environment(), stdout=sys.stderr)


def unified_rows(warehouse: Warehouse, workspace: str) -> int:
    """Return how many of a workspace's rows arrived at the far end."""
    query = "select count() as found from unified.transactions where workspace_id = {id:String}"
    return int(warehouse.rows(query, {"id": workspace})[0]["found"])


def main() -> None:
    """Measure the three, and print two lines."""
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

        ours(settings, owner("warm"), pages[:5])
        seconds = ours(settings, owner("ours"), pages)
        path = settings.data_dir / "clickhouse" / "charges.parquet"
        parquet_of(owner("bare"), pages, path)
        bare_seconds = bare_insert(warehouse, path)
        for workspace in ("ws_ours", "ws_bare"):
            assert unified_rows(warehouse, workspace) == ROWS, workspace
        nested_json(settings, PAGE_ROWS)
        peer_seconds = nested_json(settings, PEER_ROWS)
    mine, bare, peer = ROWS / seconds, ROWS / bare_seconds, PEER_ROWS / peer_seconds
    for name, other, rate, goal in (
        ("nested_json", f"dlt's nested JSON, {peer:.0f} rows/s", peer, 20),
        ("bare_insert", f"INSERT SELECT from Parquet, {bare:.0f} rows/s", bare, 0.25),
    ):
        report(
            f"ingest.{name}", mine, "rows/s", peer=other, ratio=mine / rate,
            goal=f"ratio >= {goal}", met=mine / rate >= goal,
        )  # fmt: skip


if __name__ == "__main__":
    main()
