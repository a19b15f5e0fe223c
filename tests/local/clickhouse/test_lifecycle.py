"""How does a gateway start, stop, die and come back?"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.local.clickhouse.conftest import Answer, OwnGateway, RawClient

Start = Callable[..., OwnGateway]


def test_second_process_on_a_folder_is_told_who_holds_it(
    start_gateway: Start, tmp_path: Path
) -> None:
    first = start_gateway(tmp_path)

    second = subprocess.run(
        [sys.executable, "-m", "local.clickhouse", "--path", str(tmp_path), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 3
    assert second.stdout == ""
    assert second.stderr == (
        f"The data folder {tmp_path} is in use by process {first.pid}. "
        "Stop it, or choose another --path.\n"
    )


def test_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = subprocess.run(
            [
                sys.executable,
                "-m",
                "local.clickhouse",
                "--path",
                str(tmp_path),
                "--port",
                str(port),
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    assert finished.returncode == 4
    assert finished.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_password_is_required_where_one_is_set(start_gateway: Start, tmp_path: Path) -> None:
    raw = RawClient(start_gateway(tmp_path, "--password", "s3cret"))

    assert raw.send("SELECT 1").status == 403
    assert raw.send("SELECT 1", headers={"X-ClickHouse-Key": "s3cret"}).body == b"1\n"
    assert raw.send("SELECT 1", user="default", password="s3cret").body == b"1\n"
    basic = {"Authorization": "Basic ZGVmYXVsdDpzM2NyZXQ="}
    assert raw.send("SELECT 1", headers=basic).body == b"1\n"


def test_stop_finishes_inserts_stops_reads_and_refuses_the_rest(
    start_gateway: Start, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    gateway = start_gateway(tmp_path)
    raw = RawClient(gateway)
    raw.rows("CREATE TABLE slow (x UInt64, y UInt8 DEFAULT sleepEachRow(0.5)) ENGINE = Log")
    running = "SELECT count() FROM system.processes"
    kept_open = http.client.HTTPConnection(gateway.host, gateway.port)
    kept_open.request("POST", "/", "SELECT 1")
    kept_open.getresponse().read()
    with ThreadPoolExecutor(2) as pool:
        read = pool.submit(
            raw.send, "SELECT sleepEachRow(1) FROM numbers(3600) SETTINGS max_block_size = 1"
        )
        eventually(lambda: raw.rows(running) == ["2"], 60, "the read's start")
        insert = pool.submit(raw.send, "INSERT INTO slow (x) VALUES (1), (2), (3), (4), (5)")
        eventually(lambda: raw.rows(running) == ["3"], 60, "the insert's start")

        gateway.process.send_signal(signal.SIGTERM)
        refused = _refused(kept_open)
        answers = (insert.result(), read.result())
        kept_open.close()

    assert gateway.process.wait(60) == 0
    # The insert was finished; the read was ended before its time.
    assert [answer.status for answer in answers] == [200, 500]
    assert answers[1].headers["X-ClickHouse-Exception-Code"] == "394"
    assert (refused.status, refused.headers["X-ClickHouse-Exception-Code"]) == (503, "236")
    assert RawClient(start_gateway(tmp_path)).rows("SELECT count() FROM slow") == ["5"]


def test_every_acknowledged_row_survives_a_kill(start_gateway: Start, tmp_path: Path) -> None:
    gateway = start_gateway(tmp_path)
    raw = RawClient(gateway)
    raw.rows("CREATE DATABASE d")
    raw.rows("CREATE TABLE d.raw (x UInt64, s String) ENGINE = MergeTree ORDER BY x")
    raw.rows("CREATE TABLE d.typed (x UInt64) ENGINE = MergeTree ORDER BY x")
    raw.rows("CREATE MATERIALIZED VIEW d.feed TO d.typed AS SELECT x FROM d.raw")
    acknowledged: list[int] = []
    lock = threading.Lock()

    def insert(client: int) -> None:
        for turn in range(10_000):
            first = (client * 10_000 + turn) * 50
            data = "".join(f"{row},text\n" for row in range(first, first + 50))
            try:
                answer = raw.send(f"INSERT INTO d.raw FORMAT CSV\n{data}")
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 200
            with lock:
                acknowledged.append(first)

    clients = [threading.Thread(target=insert, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    while len(acknowledged) < 40:
        time.sleep(0.01)
    os.kill(gateway.pid, signal.SIGKILL)
    for client in clients:
        client.join()

    raw = RawClient(start_gateway(tmp_path))
    expected = {row for first in acknowledged for row in range(first, first + 50)}
    for table in ("d.raw", "d.typed"):
        kept = {int(row) for row in raw.rows(f"SELECT DISTINCT x FROM {table}")}
        assert expected <= kept


def test_files_of_a_killed_gateway_are_cleared(start_gateway: Start, tmp_path: Path) -> None:
    left = tmp_path / "spool" / "tmpabc.insert"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"1,2\n")

    start_gateway(tmp_path)

    assert list(left.parent.iterdir()) == []


def test_ready_line_and_idle_memory(start_gateway: Start, tmp_path: Path) -> None:
    raw = RawClient(start_gateway(tmp_path, "--max-memory", "1G"))

    limit = raw.rows(
        "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    )
    assert limit == [str(1 << 30)]
    assert raw.resident_bytes() < 400 << 20


def test_help_names_every_flag() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "local.clickhouse", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    flags = ("--path", "--host", "--port", "--password", "--max-memory", "--log-level")
    assert [flag for flag in flags if flag not in finished.stdout] == []


def _refused(connection: http.client.HTTPConnection) -> Answer:
    """Ask over a connection that was open before the stop, until the stop is noticed."""
    while True:
        connection.request("POST", "/", "SELECT 1")
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            return Answer(response.status, body, dict(response.getheaders()))
