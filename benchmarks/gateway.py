"""What does the gateway cost on top of the engine, and how much memory does it take?

A gateway of its own over an empty folder: 5 million rows out, 1 GB in (JSON and Parquet, a typed
view behind it), 16 clients at once. Memory is the process's resident peak while it happens.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psutil

from benchmarks.report import report

MEGABYTE = 1 << 20
ROWS_OUT = 5_000_000
BYTES_IN = 1 << 30
PAYLOAD = (
    b'{"id":"%d","object":"charge","amount":%d,"currency":"usd","filler":"' + b"z" * 3200 + b'"}'
)


class Gateway:
    """A running gateway, and its peak of resident memory."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.process = psutil.Process(pid)
        self.peak = 0
        self._watching = True
        threading.Thread(target=self._watch, daemon=True).start()

    def send(self, sql: str, body: Any = None) -> Iterator[bytes]:
        """Run a query and yield its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        target = f"/?query={quote(sql)}" if body is not None else "/"
        connection.request("POST", target, sql.encode() if body is None else body)
        response = connection.getresponse()
        pieces = iter(lambda: response.read(MEGABYTE), b"")
        if response.status != 200:
            raise RuntimeError(b"".join(pieces)[:500])
        yield from pieces
        connection.close()

    def ask(self, sql: str, body: Any = None) -> bytes:
        """Run a query to its end."""
        return b"".join(self.send(sql, body))

    def resident(self) -> int:
        """Return the resident memory in MB."""
        return int(self.process.memory_info().rss // MEGABYTE)

    def _watch(self) -> None:
        while self._watching:
            try:
                self.peak = max(self.peak, self.resident())
            except psutil.NoSuchProcess:
                return
            time.sleep(0.05)


@contextmanager
def running_gateway() -> Iterator[Gateway]:
    """Start a gateway and end it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "local.clickhouse", "--path", folder, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            try:
                yield Gateway(int(ready["url"].rsplit(":", 1)[1]), ready["pid"])
            finally:
                process.terminate()


def limit(name: str, figure: float, unit: str, most: float) -> None:
    """Report a figure that has an upper limit."""
    report(
        f"gateway.{name}", round(figure, 1), unit, peer=f"limit {most:g} {unit}",
        ratio=None, goal=f"<= {most:g} {unit}", met=figure <= most,
    )  # fmt: skip


def rows_out(gateway: Gateway) -> None:
    """Stream rows out, against the engine alone doing the same work."""
    rows = f"SELECT number, hex(sipHash128(number)) AS hash FROM numbers({ROWS_OUT})"
    started = time.monotonic()
    gateway.ask(f"{rows} FORMAT Null")
    alone = time.monotonic() - started
    gateway.peak = 0
    started = time.monotonic()
    size = sum(len(piece) for piece in gateway.send(f"{rows} FORMAT Native"))
    seconds = time.monotonic() - started
    report(
        "gateway.rows_out", round(ROWS_OUT / seconds), "rows/s",
        peer=f"the same query FORMAT Null {ROWS_OUT / alone:.0f}", ratio=round(alone / seconds, 2),
        goal=f"{size // MEGABYTE} MB stream out", met=None,
    )  # fmt: skip
    limit("rows_out_memory", gateway.peak, "MB", 600)


def json_lines() -> Iterator[bytes]:
    """Yield 1 GB of rows, each with a payload of 3.3 KB."""
    sent = number = 0
    while sent < BYTES_IN:
        lines = []
        for _ in range(300):
            number += 1
            payload = json.dumps((PAYLOAD % (number, number)).decode())
            lines.append(f'{{"id":"{number}","payload":{payload}}}\n')
        piece = "".join(lines).encode()
        sent += len(piece)
        yield piece


def bytes_in(gateway: Gateway) -> None:
    """Insert 1 GB of JSON, and the same as Parquet, with a typed view behind the table."""
    gateway.ask("CREATE TABLE raw (id String, payload String CODEC(ZSTD(3))) ORDER BY id")
    gateway.ask("CREATE TABLE typed (id String, amount Int64) ORDER BY id")
    gateway.ask(
        "CREATE MATERIALIZED VIEW feed TO typed AS "
        "SELECT id, JSONExtractInt(payload, 'amount') AS amount FROM raw"
    )
    gateway.peak = 0
    started = time.monotonic()
    gateway.ask("INSERT INTO raw FORMAT JSONEachRow", json_lines())
    seconds = time.monotonic() - started
    count = int(gateway.ask("SELECT count() FROM typed"))
    through = f"{count} rows of 3.3 KB, {count / seconds:.0f} rows/s"
    limit("json_in_memory", gateway.peak, "MB", 3000)
    report(
        "gateway.json_in", round(BYTES_IN / MEGABYTE / seconds), "MB/s",
        peer=through, ratio=None, goal="every row acknowledged", met=None,
    )  # fmt: skip
    with tempfile.TemporaryFile() as file:
        # Small row groups: the writer holds one of them whole, here as on a server.
        rows = "SELECT * FROM raw FORMAT Parquet SETTINGS output_format_parquet_row_group_size = "
        for piece in gateway.send(
            f"{rows}20000, output_format_parquet_compression_method = 'none'"
        ):
            file.write(piece)  # fmt: skip
        size = file.tell()
        file.seek(0)
        gateway.peak = 0
        started = time.monotonic()
        gateway.ask("INSERT INTO raw FORMAT Parquet", file)
        seconds = time.monotonic() - started
    assert int(gateway.ask("SELECT count() FROM typed")) == 2 * count
    limit("parquet_in_memory", gateway.peak, "MB", 3000)
    report(
        "gateway.parquet_in", round(size / MEGABYTE / seconds), "MB/s",
        peer=f"{size // MEGABYTE} MB", ratio=None, goal="every row acknowledged", met=None,
    )  # fmt: skip


def many_clients(gateway: Gateway) -> None:
    """Let 16 clients insert and read for ten seconds."""
    gateway.ask("CREATE TABLE small (x UInt64, s String) ORDER BY x")
    ends = time.monotonic() + 10
    latencies: list[float] = []

    def work(client: int) -> int:
        inserted = 0
        while time.monotonic() < ends:
            started = time.monotonic()
            if client % 2:
                gateway.ask("INSERT INTO small FORMAT CSV", b"1,row\n" * 100)
                inserted += 100
            else:
                gateway.ask("SELECT count(), max(s) FROM small WHERE x = 1")
            latencies.append(time.monotonic() - started)
        return inserted

    gateway.peak = 0
    with ThreadPoolExecutor(16) as pool:
        inserted = sum(pool.map(work, range(16)))
    assert int(gateway.ask("SELECT count() FROM small")) == inserted
    slowest = statistics.quantiles(latencies, n=100)[98] * 1000
    report(
        "gateway.sixteen_clients", round(len(latencies) / 10), "requests/s",
        peer=f"p99 {slowest:.0f} ms", ratio=None, goal="no error, no row lost", met=True,
    )  # fmt: skip
    limit("sixteen_clients_memory", gateway.peak, "MB", 1000)


def main() -> None:
    """Run all of it."""
    with running_gateway() as gateway:
        gateway.ask("SELECT 1")
        limit("idle_memory", gateway.resident(), "MB", 400)
        rows_out(gateway)
        many_clients(gateway)
        bytes_in(gateway)
        time.sleep(5)
        limit("idle_memory_after_all", gateway.resident(), "MB", 600)


if __name__ == "__main__":
    main()
