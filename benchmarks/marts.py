"""What do the marts cost at millions of transactions, and how fast does the API read them?

    build         `dbt run --full-refresh` of the marts at the last size, and the engine's memory
    incremental   `dbt run` of the marts after 10,000 new rows, at each size: the ratio of the last
                  to the first says whether the cost depends on history
    reads         saved metrics, the ledger's pages and balances and the pages of payouts at the
                  last size, uncached, 20 a second: quantiles, and the ratio of the median to the
                  same statement asked of ClickHouse alone

Rows are made inside ClickHouse, in the typed layer: payloads of 3 KB each would measure their
parsing (benchmarks/models.py does), and 10 million take 32 GB. Per charge a movement of the
balance; for every fourth an invoice with its line, term and payment; for every twentieth a
customer and a subscription; every 25th fails and is tried again. For every 250th a payout with its
verdict, as the reconciliation would write it. A workspace of 50,000 charges reads alike however
many stand beside it: `--sizes 1000000 --workspaces 20` has as much in each as 10 million in 200.

10 million take longer than a benchmark may, and are asked for: `--sizes 1000000,3000000,10000000`.
`--data FOLDER` keeps what was landed and built, `--parts` measures some of it: a long run may be
made of short ones. Seconds of CPU (of dbt and the engine) stand beside those of the clock.
"""

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.api import running_worker, told
from benchmarks.mart_reads import reads
from benchmarks.memory import MEGABYTE, Watch, descendants_named, seconds_of_cpu
from benchmarks.models import dbt
from benchmarks.report import report
from core.settings import Settings
from core.warehouse import Warehouse
from local.stack import running_engines
from pipelines.raw import ensure_raw_tables
from pipelines.registry import raw_tables
from reconciliation.tables import prepare_tables

NEW = 10_000
BATCH = 1_000_000
# Blocks of what a load sends: as they merge, a table lies in some parts, small history or large.
BLOCK = 25_000
PER_CUSTOMER, PER_INVOICE, PER_PAYOUT = 20, 4, 250
ALONE = ("--vars", '{"landing_overlap_seconds": 0}')
_AT = "toDateTime('2025-06-01', 'UTC') + toIntervalSecond(cityHash64(number) % 40000000)"
# Versions are microseconds: 2033, later than anything that the facts are of.
NEWEST = 2_000_000_000_000_000
# The version of each row, that it is there, and when that was learned.
_LANDED = "version, is_deleted, extracted_at, landed_at"
_RECONCILED = "version, is_deleted, reconciled_at"
_NOW = "now64(3, 'UTC')"
# Numbers run through the workspaces, a round after the other: a customer is twenty rounds of one.
_ROUND = "intDiv(number, {spread})"
_OWNER = f"concat(toString(number % {{spread}}), '_', toString(intDiv({_ROUND}, {PER_CUSTOMER})))"
# Every 25th charge of a workspace fails, and its next is the same payment's second attempt.
_PAYMENT = "concat('pi_', toString(number - if({round} % 25 = 1, {spread}, 0)))"
_PLACE = "concat('ws_b', leftPad(toString(number % {spread}), 5, '0')), 'conn_bench'"
FACTS = {
    "staging.stg_stripe__charges": (
        "id, amount, amount_captured, amount_refunded, currency, created_at, status, captured,"
        " customer_id, payment_intent_id, balance_transaction_id, outcome_reason,"
        " payment_method_type, card_country",
        "concat('ch_', toString(number)), 2900, if({round} % 25 = 0, 0, 2900), 0, 'eur', {at},"
        " if({round} % 25 = 0, 'failed', 'succeeded'), true, concat('cus_', {owner}), {payment},"
        " if({round} % 25 = 0, null, concat('txn_', toString(number))),"
        " if({round} % 25 = 0, 'insufficient_funds', null), 'card', ['DE', 'US'][1 + {round} % 2]",
        1,
    ),
    "unified.balance_transactions": (
        "id, provider, reporting_category, currency, amount_minor, fee_minor, net_minor,"
        " created_at, available_at, transaction_id, source_table, source_id",
        "concat('txn_', toString(number)), 'stripe', 'charge', 'EUR', 2900, 70, 2830, {at},"
        " {at} + 172800, concat('ch_', toString(number)), 'raw.stripe_balance_transaction',"
        " concat('txn_', toString(number))",
        1,
    ),
    "unified.invoices": (
        "id, provider, customer_id, subscription_id, status, currency, subtotal_minor,"
        " discount_minor, tax_minor, total_minor, amount_due_minor, amount_paid_minor,"
        " amount_remaining_minor, created_at, finalized_at, paid_at, source_table, source_id",
        "concat('in_', toString(number)), 'stripe', concat('cus_', {owner}),"
        " concat('sub_', {owner}), if({round} % 100 = 0, 'open', 'paid'), 'EUR', 2900, 0, 0, 2900,"
        " 2900, if({round} % 100 = 0, 0, 2900), if({round} % 100 = 0, 2900, 0), {at}, {at}, {at},"
        " 'raw.stripe_invoice', concat('in_', toString(number))",
        PER_INVOICE,
    ),
    "unified.invoice_lines": (
        "id, provider, invoice_id, subscription_id, price_id, currency, amount_minor,"
        " discount_minor, tax_minor, quantity, is_proration, period_starts_at, period_ends_at,"
        " source_table, source_id",
        "concat('il_', toString(number)), 'stripe', concat('in_', toString(number)),"
        " concat('sub_', {owner}), 'price_1', 'EUR', 2900, 0, 0, 1, false, {at}, {at} + 2592000,"
        " 'raw.stripe_invoice', concat('in_', toString(number))",
        PER_INVOICE,
    ),
    "unified.subscription_terms": (
        "id, provider, subscription_id, kind, starts_at, ends_at, price_id, quantity, currency,"
        " amount_minor, source_table, source_id",
        "concat('il_', toString(number)), 'stripe', concat('sub_', {owner}), 'period', {at},"
        " {at} + 2592000, 'price_1', 1 + {round} % 3, 'EUR', 2900, 'raw.stripe_invoice',"
        " concat('in_', toString(number))",
        PER_INVOICE,
    ),
    "unified.invoice_payments": (
        "id, provider, invoice_id, payment_id, status, currency, amount_paid_minor, created_at,"
        " source_table, source_id",
        "concat('inpay_', toString(number)), 'stripe', concat('in_', toString(number)),"
        " {payment}, if({round} % 100 = 0, 'open', 'paid'), 'EUR', 2900, {at},"
        " 'raw.stripe_invoice_payment', concat('inpay_', toString(number))",
        PER_INVOICE,
    ),
    "unified.subscriptions": (
        "id, provider, customer_id, status, currency, created_at, source_table, source_id",
        "concat('sub_', {owner}), 'stripe', concat('cus_', {owner}), 'active', 'EUR', {at},"
        " 'raw.stripe_subscription', 'x'",
        PER_CUSTOMER,
    ),
    "marts.fct_payout_reconciliation": (
        "id, account_id, happened_on, currency, amount_minor, verdict, bank_verdict, books_verdict,"
        " is_unmatched, reason, confidence, difference_minor, payouts, deposits, entries",
        "concat('po_', toString(number)), '', toDate({at}), 'EUR', 700000, 'matched', 'matched',"
        " 'matched', false, 'Its trace id is on the deposit.', 1000, 0, [], [], []",
        PER_PAYOUT,
    ),
}


def land(warehouse: Warehouse, spread: int, first: int, last: int, version: int) -> None:
    """Insert the facts of a range of charges."""
    words = {"spread": spread, "round": _ROUND.format(spread=spread), "at": _AT}
    words |= {"owner": _OWNER.format(**words), "payment": _PAYMENT.format(**words)}
    for table, (columns, values, every) in FACTS.items():
        names = _RECONCILED if table.startswith("marts.") else _LANDED
        state = ", ".join([str(version), "0", *[_NOW] * (names.count(",") - 1)])
        for start in range(first, last, BATCH):
            until = min(start + BATCH, last)
            # Of every fourth charge: of whole rounds through the workspaces, so that each has some.
            rounds = "" if every == 1 else f" where {words['round']} % {every} = 0"
            warehouse.command(
                f"insert into {table} (workspace_id, connection_id, {columns}, {names}) select"
                f" {_PLACE.format(**words)}, {values.format(**words)}, {state}"
                f" from numbers({start}, {until - start}){rounds} settings max_insert_threads = 1,"
                f" max_block_size = {BLOCK}, min_insert_block_size_rows = {BLOCK}"
            )


@dataclass(frozen=True, slots=True)
class Took:
    """What a run took: of the clock, of the processors (dbt and the engine), of memory."""

    seconds: float
    cpu: float
    peak: int

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s of CPU, {self.peak / MEGABYTE:,.0f} MB"


def marts(settings: Settings, target: Path, *arguments: str) -> Took:
    """Build the marts."""
    engine = descendants_named(os.getpid(), "local.clickhouse")
    processes = [psutil.Process(pid) for pid in engine]
    before = seconds_of_cpu(processes) + sum(os.times()[2:4])
    with Watch(engine) as watch:
        seconds = dbt(settings, target, "run", "--select", "marts", *arguments, *ALONE)
    cpu = seconds_of_cpu(processes) + sum(os.times()[2:4]) - before
    return Took(seconds, cpu, watch.peak)


def incremental(settings: Settings, warehouse: Warehouse, target: Path, spread: int) -> Took:
    """Return what the marts' run takes after `NEW` new rows; one run before it warms up."""
    # A charge brings 2 rows, and a fourth of an invoice with its line, term and payment: 3.
    charges = NEW // 3
    for _ in range(2):
        first = whole_rounds(warehouse, spread)
        land(warehouse, spread, first, first + charges, NEWEST)
        settle(warehouse)
        took = marts(settings, target)
    return took


def settle(warehouse: Warehouse) -> None:
    """Wait until what landed is merged: else a run is measured beside the work of its history."""
    while warehouse.rows("select count() as running from system.merges")[0]["running"]:
        time.sleep(1)


def next_number(warehouse: Warehouse) -> int:
    """Return the number after that of the last charge."""
    asked = "select max(toUInt64(substring(id, 4)) + 1) as next from staging.stg_stripe__charges"
    return int(warehouse.rows(asked)[0]["next"])


def held(warehouse: Warehouse) -> int:
    """Return how many charges have landed."""
    asked = "select count() as held from staging.stg_stripe__charges"
    return int(warehouse.rows(asked)[0]["held"])


def whole_rounds(warehouse: Warehouse, spread: int) -> int:
    """Return where the next new rows begin, that every run has as many failed payments to look at.

    They come every 25 rounds, invoices every 4 and customers every 20.
    """
    whole = 100 * spread
    return -(-next_number(warehouse) // whole) * whole


def main() -> None:
    """Measure, and print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000000,3000000")
    parser.add_argument("--workspaces", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--data", type=Path, help="a folder that keeps what was landed and built")
    parser.add_argument("--parts", default="incremental,reads,build")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    names = [f"ws_b{number:05}" for number in range(asked.workspaces)]
    with (
        tempfile.TemporaryDirectory() as passing,
        running_engines(Settings(data_dir=(asked.data or Path(passing)).resolve())) as settings,
    ):
        target = Path(passing) / "target"
        warehouse = Warehouse.connect(settings)
        ensure_raw_tables(warehouse, raw_tables())
        prepare_tables(warehouse)
        dbt(settings, target, "seed")
        dbt(settings, target, "run", "--exclude", "path:models/marts")
        took: dict[int, Took] = {}
        if "incremental" in asked.parts:
            for size in sizes:
                land(warehouse, asked.workspaces, next_number(warehouse), size, NEWEST - 1)
                told(f"{size:,} charges: {marts(settings, target)}")
                took[size] = incremental(settings, warehouse, target, asked.workspaces)
                told(f"{NEW:,} new rows: {took[size]}")
            first, last = took[sizes[0]].seconds, took[sizes[-1]].seconds
            report(
                "marts.incremental", last, "s",
                peer="; ".join(f"{size:,}: {one}" for size, one in took.items()),
                ratio=last / first,
                goal=f"{NEW:,} new rows; ratio of {sizes[-1]:,} to {sizes[0]:,} charges <= 1.5",
                met=last <= 1.5 * first,
            )  # fmt: skip
        label = f"{held(warehouse):,} charges, {asked.workspaces} workspaces"
        if "reads" in asked.parts:
            with running_worker(settings, names) as worker:
                reads(settings, worker, names, asked.seconds, label)
        if "build" in asked.parts:
            warehouse.command("drop table marts.fct_ledger_entries sync")  # no refresh builds it
            whole = marts(settings, target, "--full-refresh")
            report("marts.full_build", whole.seconds, "s", peer=f"{label}: {whole}", ratio=None,
                   goal="for information", met=None)  # fmt: skip
            report(
                "marts.full_build_memory", whole.peak / MEGABYTE, "MB", peer=label, ratio=None,
                goal="<= 4096 MB", met=0 < whole.peak <= 4096 * MEGABYTE,
            )  # fmt: skip
        warehouse.close()


if __name__ == "__main__":
    main()
