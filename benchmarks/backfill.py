"""What does a long backfill take? Rows a second, and memory of the connector and the gateway.

    python -m benchmarks.backfill [--rows 5000000]

    made-up account ─HTTP─► pipelines.ingest.backfill ─HTTP─► gateway ─► raw ─► dbt's views

The account (`stripe_pages`), the connector and the gateway are a process each; the last two are
measured. dbt's whole streaming layer is built before, so every typed view of charges fires. At the
end every charge must be in unified.transactions, with the sum of amounts per currency.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from assets.manifest import DBT_COMMAND
from benchmarks.memory import MEGABYTE, Watch, descendants_named, seconds_of_cpu
from benchmarks.report import report
from core.connections import Connection
from core.settings import Settings, load_settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.stack import running_engines

ROWS = 500_000
LIMIT_MEGABYTES = 3_000
LIMIT_STATE_KILOBYTES = 64
STREAMING = ("path:models/staging", "path:models/unified")


def connector(api_url: str) -> None:
    """Be the measured process: backfill the account's charges, and say how it went."""
    from pipelines.ingest import backfill, prepare_warehouse

    connection = Connection(
        TenantId("ws_bench"), "conn_bench", "stripe", "Bench", "acct_1", api_url,
        {"api_key": "sk_test_benchmark"},
    )  # fmt: skip
    settings = load_settings()
    prepare_warehouse(settings)
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.monotonic()
    result = backfill(
        settings, [connection], objects=["charge"],
        progress=lambda rows: print(
            f"  {rows.get('charge', 0):,} rows, {time.monotonic() - started:.0f} s", file=sys.stderr
        ),
    )  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "rows": result.rows,
        "failures": [outcome.reason for outcome in result.failures],
        "peak": used.ru_maxrss * 1024,
    }
    print(json.dumps(told), flush=True)


@contextmanager
def account(rows: int) -> Iterator[str]:
    """Yield the address of a made-up account."""
    command = [sys.executable, "-m", "benchmarks.stripe_pages", "--rows", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def build_streaming(settings: Settings) -> None:
    """Build the streaming layer with dbt itself."""
    project, artifacts = str(settings.dbt_project_dir), str(settings.data_dir / "dbt")
    command = [
        *(*DBT_COMMAND, "run", "--quiet", "--select", *STREAMING),
        *("--project-dir", project, "--profiles-dir", project),
        *("--target-path", artifacts, "--log-path", artifacts),
    ]
    subprocess.run(command, check=True, env=settings.dbt_environment(), stdout=sys.stderr)


class Folder:
    """The largest size that a folder is seen to have."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.peak = 0

    def look(self) -> None:
        """Measure it now."""
        size = 0
        for path in self.path.rglob("*"):
            try:
                size += path.stat().st_size
            except FileNotFoundError:  # a package that was loaded meanwhile
                continue
        self.peak = max(self.peak, size)


def landed(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Return what arrived at the far end: rows and sum of amounts per currency."""
    found = warehouse.rows(
        "select currency, uniqExact(id) as found, count() as stored, sum(amount_minor) as total"
        " from unified.transactions final where workspace_id = 'ws_bench' group by currency"
    )
    assert all(row["found"] == row["stored"] for row in found)
    return {row["currency"]: (row["found"], row["total"]) for row in found}


def largest_state(warehouse: Warehouse) -> float:
    """Return the size in KB of the largest state that a load was committed with."""
    rows = warehouse.rows("select max(length(state)) as size from dlt._dlt_pipeline_state")
    return float(rows[0]["size"]) / 1024


def measure(settings: Settings, rows: int) -> None:
    """Run the backfill, check that all of it arrived, and print the figures."""
    from benchmarks.stripe_pages import expected

    build_streaming(settings)
    [gateway] = descendants_named(os.getpid(), "-m local.clickhouse")
    warehouse = Warehouse.connect(settings)
    folder = Folder(settings.data_dir / "dlt")
    with (
        account(rows) as api_url,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.backfill", "--connector", api_url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**settings.child_environment(), "OPPULENCE_STRIPE_REQUESTS_PER_SECOND": "1000"},
        ) as child,
    ):  # fmt: skip
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "ready\n"
        with Watch([gateway, child.pid], every=folder.look) as watch:
            before = seconds_of_cpu([psutil.Process(gateway)])
            child.stdin.write("go\n")
            child.stdin.flush()
            told = json.loads(child.stdout.readline())
            cpu_seconds = seconds_of_cpu([psutil.Process(gateway)]) - before
        state = largest_state(warehouse)
    assert not told["failures"], told["failures"]
    assert landed(warehouse) == expected(rows), (landed(warehouse), expected(rows))
    warehouse.close()
    report(
        "backfill.rows_per_second", rows / told["seconds"], "rows/s",
        peer=f"{rows:,} charges of 3.2 KB in {told['seconds']:.0f} s, all in unified.transactions",
        ratio=None, goal="for information", met=None,
    )  # fmt: skip
    report(
        "backfill.rows_per_cpu_second", rows / (cpu_seconds + told["cpu_seconds"]), "rows/s",
        peer=f"gateway {cpu_seconds:.0f} s, connector {told['cpu_seconds']:.0f} s of CPU",
        ratio=None, goal="for information: what a busy machine distorts least", met=None,
    )  # fmt: skip
    parts = f"gateway {watch.peaks[gateway] // MEGABYTE}, connector {told['peak'] // MEGABYTE} MB"
    for name, figure, unit, most, of in (
        ("memory", watch.peak / MEGABYTE, "MB", LIMIT_MEGABYTES, f"{rows:,} charges; {parts}"),
        ("state", state, "KB", LIMIT_STATE_KILOBYTES, f"after {rows // 100:,} pages"),
        ("working_folder", folder.peak / MEGABYTE, "MB", LIMIT_MEGABYTES, "dlt's packages"),
    ):
        report(
            f"backfill.{name}", figure, unit, peer=of, ratio=None,
            goal=f"peak <= {most:,} {unit}", met=figure <= most,
        )  # fmt: skip


def main() -> None:
    """Take the options and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--connector", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.connector:
        connector(options.connector)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        running_engines(
            Settings(data_dir=Path(folder)), needed=["clickhouse"], prepare=_prepare
        ) as settings,
    ):
        measure(settings, options.rows)


def _prepare(settings: Settings) -> None:
    from pipelines.ingest import prepare_warehouse

    prepare_warehouse(settings)


if __name__ == "__main__":
    main()
