"""How fast is the read API over millions of transactions, and does its memory stay flat?

Fills `unified.transactions` by INSERT SELECT for many workspaces, starts one API worker
(`python -m serving`) as it runs in production, and asks `GET /v1/transactions?limit=100`: at a
fixed rate, cold (just started), uncached (every request another question), deep (each a page far
behind the newest rows, which ClickHouse alone has) and cached; at saturation, against the same
server answering a constant; then many requests while its memory is watched; then an export.

`python -m benchmarks.api --rows 1000000 --workspaces 20 --seconds 10 --requests 10000` is a small
run; the defaults are the issue's numbers. `--data FOLDER` keeps what was filled for the next run;
`--parts latency saturation` measures no more than that.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil

from benchmarks.http_load import Load, at_full, at_rate, request
from benchmarks.memory import MEGABYTE, Watch, descendants_named, seconds_of_cpu
from benchmarks.report import report
from core.clock import utc_now
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.ports import free_port
from local.stack import running_engines
from serving.auth.key_store import issue_key
from serving.pagination import Cursor
from tests.streaming_tables import create_feed, create_streaming_table

BATCH = 1_000_000
BIG = "ws_export"
CONCURRENCY = 16
TURNS = 4
PARTS = ["fill", "latency", "saturation", "memory", "export"]
INSERT = """
insert into unified.transactions (workspace_id, connection_id, id, provider, account_id, type,
    status, amount_minor, currency, description, customer_id, counterparty, occurred_at,
    source_table, source_id, version, is_deleted, extracted_at, landed_at)
select {workspace}, 'conn_bench', concat('ch_', leftPad(toString(number), 12, '0')), 'stripe',
    'stripe_balance', ['charge', 'refund', 'payout', 'fee'][1 + number % 4],
    if(number % 9 = 0, 'failed', 'succeeded'), toInt64(number % 100000) - 20000,
    ['EUR', 'USD', 'GBP'][1 + number % 3], concat('Subscription ', toString(number % 5000)),
    concat('cus_', toString(number % 20000)), concat('Customer ', toString(number % 20000)),
    toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + toIntervalSecond(cityHash64(number) % 47000000),
    'raw.stripe_charge', concat('ch_', toString(number)), 1, 0, now64(3, 'UTC'), now64(3, 'UTC')
from numbers({start}, {rows})
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """A running API, the keys of its workspaces, and what to send."""

    port: int
    process: psutil.Process
    keys: dict[str, str]

    def headers(self, workspace: str) -> dict[str, str]:
        """Return the headers of a workspace's requests."""
        return {"Authorization": f"Bearer {self.keys[workspace]}", "X-Workspace-Id": workspace}

    def cached(self) -> Iterator[bytes]:
        """Yield the same request of each workspace, over and over."""
        each = [
            request("/v1/transactions?limit=100", self.headers(w)) for w in self.keys if w != BIG
        ]
        return itertools.cycle(each)

    def uncached(self) -> Iterator[bytes]:
        """Yield requests of which no two are the same, for the newest rows.

        From a workspace's third on they are chosen among rows at hand (`serving.transactions`).
        """
        names = itertools.cycle([name for name in self.keys if name != BIG])
        for number in itertools.count(time.time_ns() // 1000 % 10**9):
            # A bound that excludes nothing, so that each answers the whole question.
            path = f"/v1/transactions?limit=100&amount_to={10**12 + number}"
            yield request(path, self.headers(next(names)))

    def deep(self) -> Iterator[bytes]:
        """Yield requests for pages far behind the newest rows: ClickHouse is asked for each."""
        names = itertools.cycle([name for name in self.keys if name != BIG])
        moments = random.Random(time.time_ns())
        while True:
            seconds = moments.randrange(10**6, 3 * 10**7)
            cursor = Cursor(datetime(2025, 3, 1, tzinfo=UTC) + timedelta(seconds=seconds), ("", ""))
            path = f"/v1/transactions?limit=100&cursor={cursor.encode()}"
            yield request(path, self.headers(next(names)))

    def constant(self) -> Iterator[bytes]:
        """Yield requests that the server answers with a constant."""
        return itertools.repeat(request("/health", {}))


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--workspaces", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--export-rows", type=int, default=1_000_000)
    parser.add_argument("--data", help="a folder that keeps what was filled")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(Settings(data_dir=Path(asked.data or folder).resolve())) as settings,
    ):
        names = [f"ws_b{number:05}" for number in range(asked.workspaces)]
        fill(settings, names, asked.rows, asked.export_rows)
        if asked.parts == ["fill"]:
            return
        with running_worker(settings, names) as worker:
            size = f"{asked.rows:,} rows, {asked.workspaces} workspaces, {os.cpu_count()} cores"
            if "latency" in asked.parts:
                latency(worker, asked.seconds, size)
            if "saturation" in asked.parts:
                saturation(worker, asked.seconds, size)
            if "memory" in asked.parts:
                memory(worker, asked.requests, size)
            if "export" in asked.parts:
                export(worker, asked.export_rows)


def fill(settings: Settings, names: list[str], rows: int, export_rows: int) -> None:
    """Make the tables as their dbt models declare them, and fill them."""
    warehouse = Warehouse.connect(settings, pool_size=1)
    if warehouse.rows("exists table unified.transactions_by_time")[0]["result"]:
        return
    for table in ("unified.transactions", "unified.transactions_by_time"):
        create_streaming_table(warehouse, table)
    create_feed(warehouse, "unified.transactions_by_time", "transactions")
    spread = f"concat('ws_b', leftPad(toString(number % {len(names)}), 5, '0'))"
    for start in range(0, rows, BATCH):
        told(f"{start:,} rows")
        batch = min(BATCH, rows - start)
        warehouse.command(INSERT.format(workspace=spread, start=start, rows=batch))
    for start in range(0, export_rows, BATCH):
        batch = min(BATCH, export_rows - start)
        warehouse.command(INSERT.format(workspace=f"'{BIG}'", start=start, rows=batch))
    warehouse.close()


@contextmanager
def running_worker(settings: Settings, names: list[str]) -> Iterator[Worker]:
    """Start one API worker, with a key and no narrow limit for each workspace."""
    database, keys = Database.connect(settings, size=1), {}
    secret = settings.required("api_key_secret")
    for name in (*names, BIG):
        tenant = TenantId(name)
        with database.tenant(tenant) as rows:
            rows.execute(
                "insert into workspaces (id, name, requests_per_minute)"
                " values (%s, 'Bench', 2000000000) on conflict (id) do nothing",
                [name],
            )
        keys[name] = issue_key(database, tenant, "bench", secret=secret, now=utc_now())[0]
    database.close()
    served = settings.model_copy(update={"api_port": free_port(), "log_level": "warning"})
    command = [sys.executable, "-m", "serving"]
    environment = {"MALLOC_ARENA_MAX": "2", **served.child_environment()}
    with subprocess.Popen(command, env=environment) as process:
        try:
            wait_until_it_answers(served.api_port)
            yield Worker(served.api_port, psutil.Process(process.pid), keys)
        finally:
            process.terminate()


def wait_until_it_answers(port: int) -> None:
    """Wait for the server's start."""
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the API did not start")


def latency(worker: Worker, seconds: float, size: str) -> None:
    """Ask 50 times a second, uncached and cached."""
    first_two = 2 * len(worker.keys) / 50
    cold = at_rate(worker.port, worker.uncached(), per_second=50, seconds=first_two)
    limit("cold_p99", cold, 0.99, None, f"each workspace's first two after a start; {size}")
    uncached = at_rate(worker.port, worker.uncached(), per_second=50, seconds=seconds)
    limit("uncached_p50", uncached, 0.5, 25, size)
    limit("uncached_p99", uncached, 0.99, 100, size)
    deep = at_rate(worker.port, worker.deep(), per_second=50, seconds=seconds)
    limit("deep_p50", deep, 0.5, 25, size)
    limit("deep_p99", deep, 0.99, 100, size)
    for wanted, _ in zip(worker.cached(), worker.keys, strict=False):  # every answer is kept now
        at_rate(worker.port, iter([wanted]), per_second=1000, seconds=0.001)
    cached = at_rate(worker.port, worker.cached(), per_second=50, seconds=seconds)
    limit("cached_p50", cached, 0.5, 4, size)


def limit(name: str, load: Load, share: float, most: float | None, size: str) -> None:
    """Report a quantile, against its limit if it has one."""
    assert not load.unexpected, load.unexpected[:5]
    figure = load.quantile(share)
    goal = "for information" if most is None else f"< {most:g} ms at 50 requests/s"
    report(
        f"api.{name}", figure, "ms", peer=size, ratio=None, goal=goal,
        met=None if most is None else figure < most,
    )  # fmt: skip


def saturation(worker: Worker, seconds: float, size: str) -> None:
    """Ask as fast as it answers: a constant, cached, uncached, deep, in turns.

    In turns, so that whatever else the machine does slows all of them; CPU seconds say as much
    where it does too much.
    """
    kept = 3 * len(worker.keys)  # every answer is asked for before it counts as cached
    for warming in (worker.cached(), worker.uncached()):
        at_full(worker.port, warming, concurrency=8, is_over=lambda sent, _: sent >= kept)
    kinds = {
        "constant": worker.constant(), "cached": worker.cached(),
        "uncached": worker.uncached(), "deep": worker.deep(),
    }  # fmt: skip
    clickhouse = [psutil.Process(p) for p in descendants_named(os.getpid(), "local.clickhouse")]
    servers = {"API": [worker.process], "ClickHouse": clickhouse}
    taken = {name: Taken() for name in kinds}
    for _ in range(TURNS):
        for name, requests in kinds.items():
            before = {who: seconds_of_cpu(them) for who, them in servers.items()}
            load = at_full(
                worker.port, requests, concurrency=CONCURRENCY,
                is_over=lambda _, passed: passed > seconds / TURNS,
            )  # fmt: skip
            assert not load.unexpected, load.unexpected[:5]
            taken[name].requests += len(load.seconds)
            taken[name].seconds += load.elapsed
            for who, them in servers.items():
                taken[name].cpu[who] += seconds_of_cpu(them) - before[who]
    constant = taken["constant"].per_second
    for name, least in (("cached", 0.6), ("uncached", 0.25), ("deep", 0.25)):
        figure = taken[name].per_second
        report(
            f"api.saturation_{name}", figure, "requests/s",
            peer=f"a constant: {constant:.0f} requests/s, {taken['constant'].told()};"
            f" this {taken[name].told()}; {size}",
            ratio=figure / constant, goal=f"ratio >= {least}", met=figure / constant >= least,
        )  # fmt: skip


@dataclass
class Taken:
    """What some requests took: of time, and of CPU by server."""

    requests: int = 0
    seconds: float = 0.0
    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def per_second(self) -> float:
        """Requests that were answered in a second."""
        return self.requests / self.seconds

    def told(self) -> str:
        """Return the milliseconds of CPU that a request took, by server."""
        each = {who: 1000 * spent / self.requests for who, spent in self.cpu.items()}
        return " + ".join(f"{spent:.2f} ms {who}" for who, spent in each.items())


def memory(worker: Worker, requests: int, size: str) -> None:
    """Send many requests, three of five uncached, and see what the worker holds."""
    kinds = worker.cached(), worker.uncached(), worker.cached(), worker.uncached(), worker.deep()
    mixed = itertools.chain.from_iterable(zip(*kinds, strict=False))

    def send(number: int) -> int:
        at_full(worker.port, mixed, concurrency=8, is_over=lambda sent, _: sent >= number)
        return int(worker.process.memory_info().rss)

    early = send(max(1, requests // 5))
    with Watch([worker.process.pid]) as watch:
        late = send(requests - requests // 5)
    report(
        "api.memory", watch.peak / MEGABYTE, "MB", peer=f"{requests:,} requests; {size}",
        ratio=None, goal="< 350 MB", met=watch.peak < 350 * MEGABYTE,
    )  # fmt: skip
    report(
        "api.memory_growth", (late - early) / MEGABYTE, "MB",
        peer=f"after a fifth of the requests: {early / MEGABYTE:.0f} MB", ratio=late / early,
        goal="ratio <= 1.05", met=late <= early * 1.05,
    )  # fmt: skip


def export(worker: Worker, rows: int) -> None:
    """Export a large workspace and see what the worker holds meanwhile."""
    if not rows:
        return
    before = worker.process.memory_info().rss
    for output in ("csv", "parquet"):
        started, received = time.perf_counter(), 0
        with (
            Watch([worker.process.pid]) as watch,
            httpx.stream(
                "GET", f"http://127.0.0.1:{worker.port}/v1/transactions/export",
                params={"format": output}, headers=worker.headers(BIG), timeout=300,
            ) as answer,
        ):  # fmt: skip
            answer.raise_for_status()
            for part in answer.iter_raw():
                received += len(part)
        seconds = time.perf_counter() - started
        report(
            f"api.export_{output}_memory", (watch.peak - before) / MEGABYTE, "MB",
            peer=f"{rows:,} rows, {received / MEGABYTE:.0f} MB in {seconds:.1f} s", ratio=None,
            goal="< 50 MB more than before", met=watch.peak - before < 50 * MEGABYTE,
        )  # fmt: skip


def told(text: str) -> None:
    """Show progress."""
    print(json.dumps({"progress": text}), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
