"""What do the models cost when history grows? The marts' incremental run, and a full rebuild.

    incremental   `dbt run` of the marts after 1,000 new rows, at 100,000 and at 1 million charges:
                  the ratio of the two says whether the cost depends on history (it should not)
    rebuild       `dbt run --full-refresh` of staging and unified at 1 million charges

Rows are made inside ClickHouse: charges of 3.2 KB, 20 per customer, every fourth of them an
invoice of the customer's one subscription. Times are the run's own, without dbt's parsing.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ingest import charge
from benchmarks.report import report
from core.settings import Settings
from core.warehouse import Warehouse
from local.stack import running_engines
from pipelines.raw import ensure_raw_tables
from pipelines.registry import raw_tables
from reconciliation.tables import prepare_tables

SMALL, LARGE, NEW = 100_000, 1_000_000, 1_000
PER_CUSTOMER, PER_INVOICE = 20, 4
MONTH, START = 2_592_000, 1_650_000_000
MARK = 987_654_321  # stands in the template where a row's number goes

LINE = """{"id":"il_%1$s","amount":2900,"currency":"eur","quantity":1,"period":{"start":%2$s,
"end":%3$s},"discount_amounts":[],"taxes":[],"parent":{"type":"subscription_item_details",
"subscription_item_details":{"subscription":"sub_%4$s","subscription_item":"si_%4$s",
"proration":false}},"pricing":{"price_details":{"price":"price_1","product":"prod_1"}}}"""
INVOICE = """{"id":"in_%1$s","object":"invoice","customer":"cus_%4$s","status":"paid",
"currency":"eur","created":%2$s,"billing_reason":"subscription_cycle","subtotal":2900,
"total":2900,"amount_due":2900,"amount_paid":2900,"amount_remaining":0,"parent":{"type":
"subscription_details","subscription_details":{"subscription":"sub_%4$s"}},"lines":{"has_more":
false,"data":[LINE]}}""".replace("LINE", LINE)
PAYMENT = """{"id":"inpay_%1$s","invoice":"in_%1$s","status":"paid","payment":
{"payment_intent":"pi_%1$s"}}"""
SUBSCRIPTION = """{"id":"sub_%1$s","customer":"cus_%1$s","status":"active","currency":"eur",
"created":1650000000,"items":{"has_more":false,"data":[{"id":"si_%1$s","quantity":1,"price":
{"id":"price_1"}}]}}"""
CUSTOMER = '{"id":"cus_%1$s","name":"Customer %1$s","currency":"eur","created":1650000000}'
FAILED = """{"amount":100,"currency":"eur","created":1700000000,"status":"failed",
"customer":"cus_%2$s","payment_intent":"pi_new_%1$s"}"""
PRICE = """{"id":"price_1","currency":"eur","unit_amount":2900,"unit_amount_decimal":"2900",
"type":"recurring","recurring":{"interval":"month","interval_count":1,"usage_type":"licensed"}}"""


def land(warehouse: Warehouse, object_: str, identity: str, payload: str, numbers: str) -> None:
    """Insert one raw row per number, its payload computed by ClickHouse."""
    warehouse.command(
        f"insert into raw.stripe_{object_} select 'ws_bench', 'conn_bench', {identity},"
        " 1700000000000000 + number, 0, 'backfill', now64(3), "
        f"{payload} from numbers({numbers}) settings max_insert_threads = 2, max_block_size = 8192,"
        # Blocks of what a load sends, not of the 256 MB that an INSERT SELECT gathers by default.
        " min_insert_block_size_rows = 25000, min_insert_block_size_bytes = 32000000"
    )


def filled(template: str, *values: str) -> str:
    """Return SQL that puts values into a template's %n$s places."""
    text = "'" + template.replace("\n", "").replace("'", "\\'") + "'"
    for place, value in enumerate(values, 1):
        text = f"replaceAll({text}, '%{place}$s', toString({value}))"
    return text


def land_history(warehouse: Warehouse, first: int, last: int) -> None:
    """Land customers, subscriptions, charges, invoices and their links of a range of charges."""
    owner = f"intDiv(number, {PER_CUSTOMER})"
    month = f"({START} + (number % {PER_CUSTOMER}) * {MONTH})"
    template = json.dumps(charge(MARK)).replace("'", "")
    for text in (f"{MARK:024x}", f"{MARK:016x}", f"{MARK:015d}"):
        template = template.replace(text, "%1$s")
    template = template.replace(f"cus_{MARK % 50_000:014x}", "cus_%2$s")
    template = template.replace(str(1_700_000_000 + MARK), "%3$s").replace('"usd"', '"eur"')
    rows = f"{first}, {last - first}"
    land(
        warehouse,
        "charge",
        "concat('ch_', toString(number))",
        filled(template, "number", owner, month),
        rows,
    )
    people = f"{first // PER_CUSTOMER}, {(last - first) // PER_CUSTOMER}"
    land(
        warehouse,
        "customer",
        "concat('cus_', toString(number))",
        filled(CUSTOMER, "number"),
        people,
    )
    land(
        warehouse,
        "subscription",
        "concat('sub_', toString(number))",
        filled(SUBSCRIPTION, "number"),
        people,
    )
    bills = f"{first}, {last - first}, {PER_INVOICE}"
    land(
        warehouse,
        "invoice",
        "concat('in_', toString(number))",
        filled(INVOICE, "number", month, f"{month} + {MONTH * PER_INVOICE}", owner),
        bills,
    )
    land(
        warehouse,
        "invoice_payment",
        "concat('inpay_', toString(number))",
        filled(PAYMENT, "number"),
        bills,
    )


def dbt(settings: Settings, target: Path, *arguments: str) -> float:
    """Run dbt and return the seconds that its models took, its own start and parsing aside."""
    project = str(settings.dbt_project_dir)
    finished = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "--quiet",
            "--log-path",
            str(target),
            *arguments,
            "--project-dir",
            project,
            "--profiles-dir",
            project,
            "--target-path",
            str(target),
        ],
        env=settings.dbt_environment(),
        stdout=sys.stderr,
        check=False,
    )
    finished.check_returncode()
    return float(json.loads((target / "run_results.json").read_text())["elapsed_time"])


def incremental(settings: Settings, warehouse: Warehouse, target: Path, charges: int) -> float:
    """Return the seconds of the marts' run after new rows; the run before it takes the overlap."""
    # Without the overlap, which would make the run look at a minute's landing again.
    marts = ("run", "--select", "marts", "--vars", '{"landing_overlap_seconds": 0}')
    dbt(settings, target, *marts)
    for repeat in range(2):
        first = charges - NEW * PER_CUSTOMER * (repeat + 1)
        land(
            warehouse,
            "subscription",
            "concat('sub_', toString(number))",
            filled(SUBSCRIPTION.replace('"quantity":1', f'"quantity":{repeat + 2}'), "number"),
            f"{first // PER_CUSTOMER}, {NEW // 2}",
        )
        land(
            warehouse,
            "charge",
            "concat('ch_new_', toString(number))",
            filled(FAILED, "number", f"intDiv(number, {PER_CUSTOMER})"),
            f"{first}, {NEW // 2}",
        )
        seconds = dbt(settings, target, *marts)
    return seconds


def main() -> None:
    """Measure, and print one line per figure."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(Settings(data_dir=Path(folder)), needed=["clickhouse"]) as settings,
    ):
        target = Path(folder) / "target"
        warehouse = Warehouse.connect(settings)
        ensure_raw_tables(warehouse, raw_tables())
        prepare_tables(warehouse)
        dbt(settings, target, "run")
        land(warehouse, "price", "'price_1'", filled(PRICE), "1")
        land_history(warehouse, 0, SMALL)
        small = incremental(settings, warehouse, target, SMALL)
        land_history(warehouse, SMALL, LARGE)
        large = incremental(settings, warehouse, target, LARGE)
        report(
            "models.marts_incremental",
            large,
            "s",
            peer=f"the same at {SMALL:,} charges: {small:.2f} s",
            ratio=large / small,
            goal="ratio <= 1.5: the cost is of the new rows",
            met=large <= 1.5 * small,
        )
        rebuild = dbt(settings, target, "run", "--full-refresh", "--select", "staging", "unified")
        report(
            f"models.rebuild_{LARGE // 1000}k_charges",
            rebuild,
            "s",
            peer="none",
            ratio=None,
            goal="for information",
            met=None,
        )
        warehouse.close()


if __name__ == "__main__":
    main()
