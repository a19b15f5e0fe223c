"""How long are a million transactions enriched, from ClickHouse to ClickHouse?

    python -m benchmarks.enrichment_million [--rows 1000000]

One workspace of three years, which landed in the course of a day: card lines of the public lists'
merchants, a few of them frequent and most rare, as banks spell them (an outlet's number, a city);
subscriptions every month; transfers between two of its accounts. Everything is read, all facets are
asked with the trained model of names, and every finding is written; then nothing has changed and
nothing is written. Then 1,000 rows land, of the days after; then a day has passed; then 1,000 of
any day land late. Each is scored. Seconds of the clock, and of the processor beside them.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl
import psutil
from obstore.store import MemoryStore

from assets.enrichment_scoring import Scored, score_workspace
from benchmarks.memory import MEGABYTE, Watch, descendants_named, seconds_of_cpu
from benchmarks.report import report
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from local.stack import running_engines
from ml import category
from ml.category.examples import CITIES
from ml.category.training import train
from ml.merchants.known import listed
from ml.store import OpenModels, register
from ml.tables import ENRICHMENTS, prepare_tables
from tests.declared_tables import create_table

FIRST, DAYS = date(2022, 1, 1), 1_095
SUBSCRIPTIONS, ACCOUNTS = 400, 8
LIMIT_SECONDS = 60
Result = TypeVar("Result")


def lines(rows: int, workspace: str, seed: int = 1) -> pl.DataFrame:
    """Make a workspace's bank lines, deterministic by seed."""
    draw = np.random.default_rng(seed)
    names = np.array(sorted({one.name.upper() for one in listed()}))
    cities = np.array([city.upper() for city in CITIES])
    common = 1 / (10 + np.arange(len(names)))
    chosen = draw.choice(draw.permutation(len(names)), rows, p=common / common.sum())
    frame = pl.DataFrame(
        {
            "place": np.arange(rows),
            "name": names[chosen],
            "outlet": draw.integers(100, 99_999, rows),
            "city": cities[(chosen + draw.integers(0, 3, rows)) % len(cities)],
            "amount_minor": -np.maximum(draw.lognormal(8, 1.2, rows), 50).astype(np.int64),
            "day": draw.integers(0, DAYS, rows),
            "account": draw.integers(0, ACCOUNTS, rows),
        }
    )
    monthly = (pl.col("place") < SUBSCRIPTIONS * 36) & (pl.col("place") < rows // 3)
    number = pl.col("place") % SUBSCRIPTIONS
    moved = (pl.col("place") >= rows - rows // 100) & (pl.col("place") % 2 == 0)
    entered = (pl.col("place") >= rows - rows // 100) & (pl.col("place") % 2 == 1)
    out = pl.col("amount_minor").shift(1)
    spelled = pl.format("{} {} {}", "name", "outlet", "city")
    landed = datetime(2025, 1, 1, tzinfo=UTC)
    return frame.select(
        pl.lit(workspace).alias("workspace_id"), pl.lit("conn_bench").alias("connection_id"),
        pl.format("tx_{}", "place").alias("id"), pl.lit("plaid").alias("provider"),
        pl.when(entered).then(pl.format("acc_{}", (pl.col("account").shift(1) + 1) % ACCOUNTS))
        .otherwise(pl.format("acc_{}", "account")).alias("account_id"),
        pl.when(moved | entered).then(pl.lit("transfer")).otherwise(pl.lit("card_payment"))
        .alias("type"),
        pl.lit("succeeded").alias("status"),
        pl.when(monthly).then(-990 - number * 10).when(entered).then(-out)
        .otherwise("amount_minor").alias("amount_minor"),
        pl.lit("USD").alias("currency"),
        pl.when(monthly).then(pl.format("MEMBERSHIP CLUB {}X", number + 10_000))
        .when(moved).then(pl.lit("ONLINE TRANSFER TO SAVINGS"))
        .when(entered).then(pl.lit("ONLINE TRANSFER FROM CHECKING"))
        .otherwise(spelled).alias("description"),
        pl.lit(landed).cast(pl.Datetime("ms", "UTC")).alias("occurred_at"),
        (
            pl.lit(FIRST)
            + pl.duration(
                days=pl.when(monthly).then((pl.col("place") // SUBSCRIPTIONS) * 30 + number % 28)
                .when(entered).then(pl.col("day").shift(1)).otherwise("day")
            )
        ).alias("booked_on"),
        pl.lit("raw.plaid_transaction").alias("source_table"),
        pl.format("tx_{}", "place").alias("source_id"),
        pl.lit(seed).cast(pl.UInt64).alias("version"), pl.lit(0, pl.UInt8).alias("is_deleted"),
        (pl.lit(landed).cast(pl.Datetime("ms", "UTC"))
         + pl.duration(seconds=pl.col("place") * 86_400 // rows)).alias("landed_at"),
    )  # fmt: skip


def land(warehouse: Warehouse, frame: pl.DataFrame) -> int:
    """Land lines, and return when, as the scoring wants it."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    warehouse.insert_arrow("unified.transactions", table)
    return int(frame["landed_at"].dt.epoch("ms").max())  # type: ignore[arg-type]


def accounts(warehouse: Warehouse, workspace: str) -> None:
    """Land the accounts that the lines are of."""
    warehouse.insert_rows(
        "unified.accounts",
        [[workspace, "conn_bench", f"acc_{n}", "plaid", "depository", "checking", "USD", f"{n:04}"]
         for n in range(ACCOUNTS)],
        ["workspace_id", "connection_id", "id", "provider", "type", "subtype", "currency", "mask"],
    )  # fmt: skip


def _later(frame: pl.DataFrame, days: int, booked_on: pl.Expr) -> pl.DataFrame:
    """Return lines under other ids that land some days later, booked as is said."""
    return frame.with_columns(
        pl.format("later_{}_{}", pl.lit(days), "id").alias("id"),
        booked_on.alias("booked_on"),
        pl.col("landed_at") + pl.duration(days=days),
    )


def measured(what: str, act: Callable[[], Result], rows: int, goal: float | None) -> Result:
    """Measure something by clock, processors and memory, and report it."""
    engine = [psutil.Process(pid) for pid in descendants_named(os.getpid(), "local.clickhouse")]
    clock, own, theirs = time.monotonic(), time.process_time(), seconds_of_cpu(engine)
    with Watch([os.getpid()]) as watch:
        result = act()
    clock, own = time.monotonic() - clock, time.process_time() - own
    theirs = seconds_of_cpu(engine) - theirs
    report(
        f"enrichment.{what}", clock, "s",
        peer=f"{rows:,} rows{_asked(result)}; {own:.1f} s of CPU here, {theirs:.1f} s in"
        f" ClickHouse; {watch.peak / MEGABYTE:,.0f} MB",
        ratio=None, goal=f"under {goal} s" if goal else "for information",
        met=None if goal is None else clock < goal,
    )  # fmt: skip
    return result


def _asked(result: object) -> str:
    return f", {result.rows:,} asked" if isinstance(result, Scored) else ""


def main() -> None:
    """Measure, and print one line per figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    now = datetime(2025, 1, 2, tzinfo=UTC)
    with (
        tempfile.TemporaryDirectory(prefix="oppulence-") as folder,
        running_engines(Settings(data_dir=Path(folder).resolve() / "data")) as settings,
    ):
        warehouse = Warehouse.connect(settings)
        for model in ("transactions", "accounts", "balance_transactions"):
            create_table(warehouse, f"unified/{model}/{model}", "workspace_id, connection_id, id")
        prepare_tables(warehouse)
        system, objects = Database.connect(settings, role="system", size=1), MemoryStore()
        workspace = TenantId(new_id("ws"))
        nothing = pl.DataFrame(schema={"merchant": pl.String(), "value": pl.String()})
        with system.system() as database:
            register(database, objects, category.FACET, None, train(pl.DataFrame(), nothing),
                     now=now)  # fmt: skip
        models = OpenModels(objects)
        accounts(warehouse, str(workspace))
        landed = land(warehouse, lines(rows, str(workspace)))

        def scored(to: int, at: datetime = now) -> Scored:
            found = score_workspace(warehouse, system, models, str(workspace), to, at)
            return found or Scored()

        limit = LIMIT_SECONDS * rows / 1_000_000
        measured("end_to_end", lambda: scored(landed), rows, limit)
        (kept,) = warehouse.rows(f"select count() as findings from {ENRICHMENTS} final")
        report("enrichment.findings", kept["findings"], "findings", peer=f"of {rows:,} rows",
               ratio=None, goal="for information", met=None)  # fmt: skip
        assert measured("nothing_new", lambda: scored(landed), rows, None) == Scored()
        fresh = lines(1_000, str(workspace), seed=2)
        since = (pl.col("booked_on") - FIRST).dt.total_days() % 3
        new = _later(fresh, 1, pl.lit(FIRST + timedelta(days=DAYS)) + pl.duration(days=since))
        newest = land(warehouse, new)
        measured("thousand_new", lambda: scored(newest), 1_000, None)
        tomorrow = now + timedelta(days=1)
        measured("a_new_day", lambda: scored(newest, tomorrow), 0, None)
        late = land(warehouse, _later(fresh, 2, pl.col("booked_on")))
        measured("thousand_late", lambda: scored(late, tomorrow), 1_000, None)
        system.close()
        warehouse.close()


if __name__ == "__main__":
    main()
