"""Do large answers stream in bounded memory, and do queries stop when nobody wants them?"""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.clickhouse.encodings import decoder_for
from tests.local.clickhouse.conftest import RawClient

MEGABYTE = 1 << 20
ENDLESS = {
    "computes": "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0",
    "sends": "SELECT number FROM numbers(1000000000000)",
    "sleeps": "SELECT sleepEachRow(1) FROM numbers(1000) SETTINGS max_block_size = 1",
    "writes": "INSERT INTO FUNCTION null('x UInt8') SELECT sleepEachRow(1) FROM numbers(1000) "
    "SETTINGS max_block_size = 1",
}

Eventually = Callable[[Callable[[], bool], float, str], None]


@pytest.mark.parametrize("output_format", ["TabSeparated", "JSON", "Native", "Parquet"])
def test_a_million_rows_stream_out_in_bounded_memory(raw: RawClient, output_format: str) -> None:
    raw.rows("SELECT 1")
    before = raw.resident_bytes()
    peak = before
    received = 0
    connection = http.client.HTTPConnection(raw.address.host, raw.address.port)

    rows = "SELECT number, hex(sipHash128(number)) AS hash FROM numbers(1000000)"
    connection.request("POST", "/", f"{rows} FORMAT {output_format}")
    response = connection.getresponse()
    while piece := response.read(MEGABYTE):
        received += len(piece)
        peak = max(peak, raw.resident_bytes())
    connection.close()

    assert received > 20 * MEGABYTE
    assert peak - before < 250 * MEGABYTE


@pytest.mark.parametrize("accepted", ["gzip", "deflate", "br", "zstd", "lz4"])
def test_answers_are_compressed_where_the_client_asks(raw: RawClient, accepted: str) -> None:
    sql = "SELECT number FROM numbers(400000)"
    headers = {"Accept-Encoding": accepted}
    plain = raw.send(sql, headers=headers)
    small = raw.send("SELECT 1", headers=headers, enable_http_compression="1")
    large = raw.send(sql, headers=headers, enable_http_compression="1")

    assert "Content-Encoding" not in plain.headers
    for answer, expected in ((small, b"1\n"), (large, plain.body)):
        decoder = decoder_for(accepted)
        assert decoder is not None
        assert answer.headers["Content-Encoding"] == accepted
        assert decoder.decompress(answer.body) == expected


@pytest.mark.parametrize("doing", ENDLESS)
def test_query_stops_when_its_client_leaves(
    raw: RawClient, eventually: Eventually, doing: str
) -> None:
    marker = f"/* leaves {doing} {time.monotonic_ns()} */"
    sql = f"{marker} {ENDLESS[doing]}"
    running = f"SELECT count() FROM system.processes WHERE startsWith(query, '{marker}')"
    connection = socket.create_connection((raw.address.host, raw.address.port))
    connection.sendall(
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(sql)}\r\n\r\n{sql}".encode()
    )
    eventually(lambda: raw.rows(running) == ["1"], 60, "the query's start")

    connection.close()

    eventually(lambda: raw.rows(running) == ["0"], 60, "the query's end")


@pytest.mark.parametrize("doing", ["computes", "sleeps", "writes"])
def test_kill_query_stops_it_under_its_clients_name(
    raw: RawClient, eventually: Eventually, doing: str
) -> None:
    query_id = f"kill-{time.monotonic_ns()}"
    kill = f"KILL QUERY WHERE query_id = '{query_id}' SYNC"
    killed: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        victim = pool.submit(raw.send, ENDLESS[doing], query_id=query_id)
        eventually(lambda: bool(killed.extend(raw.rows(kill)) or killed), 60, "the kill")
        answer = victim.result(60)

    assert killed[0].split("\t")[:2] == ["finished", query_id]
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "394")
    assert b"Query was cancelled. (QUERY_WAS_CANCELLED)" in answer.body


def test_sixteen_clients_at_once_lose_and_mix_nothing(raw: RawClient, database: str) -> None:
    raw.rows(f"CREATE TABLE {database}.c (client UInt8, x UInt64) ENGINE = MergeTree ORDER BY x")
    barrier = threading.Barrier(16)

    def work(client: int) -> int:
        barrier.wait()
        for turn in range(5):
            data = "".join(f"{client},{turn * 100 + row}\n" for row in range(100))
            raw.rows(f"INSERT INTO {database}.c FORMAT CSV\n{data}")
            mine = f"SELECT count() FROM {database}.c WHERE client = {client}"
            assert raw.rows(mine, session_id=f"{database}{client}") == [str((turn + 1) * 100)]
        return 500

    with ThreadPoolExecutor(16) as pool:
        inserted = sum(pool.map(work, range(16)))

    assert raw.rows(f"SELECT count(), uniqExact(client) FROM {database}.c") == [f"{inserted}\t16"]


def test_one_connection_carries_many_requests_and_failures(raw: RawClient) -> None:
    connection = http.client.HTTPConnection(raw.address.host, raw.address.port)
    statuses = []
    for sql in ("SELECT 1", "SELEC", "SELECT 2", "SELECT nosuch", "SELECT 3"):
        connection.request("POST", "/", sql)
        response = connection.getresponse()
        statuses.append((response.status, response.read()[:2]))
    connection.close()

    assert statuses == [(200, b"1\n"), (400, b"Co"), (200, b"2\n"), (404, b"Co"), (200, b"3\n")]


def test_a_large_insert_takes_bounded_memory(raw: RawClient, database: str) -> None:
    raw.rows(f"CREATE TABLE {database}.big (x UInt64, s String) ENGINE = MergeTree ORDER BY x")
    before = raw.resident_bytes()
    peak = before
    row = b"1234567," + b"z" * 1015 + b"\n"

    def pieces() -> Iterator[bytes]:
        nonlocal peak
        for _ in range(64):
            peak = max(peak, raw.resident_bytes())
            yield row * 1024

    answer = raw.send(pieces(), query=f"INSERT INTO {database}.big FORMAT CSV")
    peak = max(peak, raw.resident_bytes())

    assert answer.status == 200
    assert raw.rows(f"SELECT count(), sum(length(s)) FROM {database}.big") == [
        f"{64 * 1024}\t{64 * 1024 * 1015}"
    ]
    assert peak - before < 400 * MEGABYTE
