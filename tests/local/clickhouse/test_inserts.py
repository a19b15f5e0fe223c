"""Is an INSERT acknowledged exactly when all of its rows are in, in whatever form they come?"""

import gzip
import io
import json
import socket
import struct
import zlib
from collections.abc import Callable, Iterator

import brotli
import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.local.clickhouse.conftest import RawClient

TABLE = pa.table({"x": pa.array([1, 2], pa.uint64()), "s": pa.array(["a", "é"])})


@pytest.fixture
def table(raw: RawClient, database: str) -> str:
    name = f"{database}.t"
    raw.rows(f"CREATE TABLE {name} (x UInt64, s String) ENGINE = MergeTree ORDER BY x")
    return name


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink)
    return sink.getvalue()


def _arrow_stream() -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return sink.getvalue()


def _row_binary() -> bytes:
    return struct.pack("<Q", 1) + b"\x01a" + struct.pack("<Q", 2) + b"\x02\xc3\xa9"


def _native() -> bytes:
    columns = b"\x01x\x06UInt64" + struct.pack("<QQ", 1, 2) + b"\x01s\x06String\x01a\x02\xc3\xa9"
    return b"\x02\x02" + columns


FORMATS = {
    "Values": "(1, 'a'), (1 + 1, 'é')".encode(),
    "CSV": b"1,a\n2,\xc3\xa9\n",
    "TabSeparated": b"1\ta\n2\t\xc3\xa9\n",
    "JSONEachRow": b'{"x": 1, "s": "a"}\n{"x": "2", "s": "\\u00e9"}',
    "RowBinary": _row_binary(),
    "Native": _native(),
    "Parquet": _parquet(),
    "ArrowStream": _arrow_stream(),
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("query_in_url", [True, False])
def test_rows_arrive_in_every_format(
    raw: RawClient, table: str, data_format: str, query_in_url: bool
) -> None:
    sql = f"INSERT INTO {table} (x, s) FORMAT {data_format}"
    data = FORMATS[data_format]

    answer = raw.send(data, query=sql) if query_in_url else raw.send(sql.encode() + b"\n" + data)

    assert (answer.status, answer.body) == (200, b"")
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert raw.rows(f"SELECT * FROM {table} ORDER BY x") == ["1\ta", "2\té"]


@pytest.mark.parametrize("data_format", ["CSV", "RowBinary", "Native", "Parquet"])
def test_large_bodies_arrive_whole(raw: RawClient, table: str, data_format: str) -> None:
    rows = raw.send(
        f"SELECT number AS x, hex(sipHash128(number)) AS s FROM numbers(50000) FORMAT {data_format}"
    ).body
    assert len(rows) > 1 << 20

    answer = raw.send(
        rows, query=f"INSERT INTO {table} SETTINGS max_threads = 2 FORMAT {data_format}"
    )

    assert answer.status == 200, answer.body
    seen = raw.rows(f"SELECT count(), sum(x), sum(s = hex(sipHash128(x))) FROM {table}")
    assert seen == [f"50000\t{50000 * 49999 // 2}\t50000"]


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("gz", gzip.compress),
        ("deflate", zlib.compress),
        ("br", lambda plain: brotli.compress(plain, quality=1)),
        ("zstd", zstandard.compress),
        ("lz4", lz4.frame.compress),
    ],
)
@pytest.mark.parametrize("size", [3, 300_000])
def test_compressed_bodies_are_read(
    raw: RawClient, table: str, encoding: str, encode: Callable[[bytes], bytes], size: int
) -> None:
    plain = b"".join(b"%d,row\n" % number for number in range(size))

    answer = raw.send(
        encode(plain),
        headers={"Content-Encoding": encoding},
        query=f"INSERT INTO {table} FORMAT CSV",
    )

    assert answer.status == 200, answer.body
    assert raw.rows(f"SELECT count(), max(x) FROM {table}") == [f"{size}\t{size - 1}"]


def test_chunked_bodies_are_read(raw: RawClient, table: str) -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            yield b"%d,ro" % number
            yield b"w\n"

    answer = raw.send(pieces(), query=f"INSERT INTO {table} FORMAT CSV")

    assert answer.status == 200
    assert raw.rows(f"SELECT count(), uniqExact(s) FROM {table}") == ["1000\t1"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Encoding": "gzip"}, 500, "271"),
        ({"Content-Encoding": "rot13"}, 501, "48"),
    ],
)
def test_unreadable_bodies_are_refused(
    raw: RawClient, table: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = raw.send(b"1,a\n", headers=headers, query=f"INSERT INTO {table} FORMAT CSV")

    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (status, code)


@pytest.mark.parametrize("rows", [3, 200_000])
@pytest.mark.parametrize("refusal", ["constraint", "view", "type"])
def test_refused_rows_are_never_acknowledged(
    raw: RawClient, database: str, rows: int, refusal: str
) -> None:
    constraint = ", CONSTRAINT small CHECK x < 1000000" if refusal == "constraint" else ""
    raw.rows(
        f"CREATE TABLE {database}.r (x UInt64, s String{constraint}) ENGINE = MergeTree ORDER BY x"
    )
    if refusal == "view":
        raw.rows(
            f"CREATE MATERIALIZED VIEW {database}.v ENGINE = MergeTree ORDER BY y AS "
            f"SELECT throwIf(x = 1000000) AS y FROM {database}.r"
        )
    last = b"many,last\n" if refusal == "type" else b"1000000,last\n"
    data = b"".join(b"%d,aaaaaaaaaaaa\n" % number for number in range(rows)) + last

    answer = raw.send(data, query=f"INSERT INTO {database}.r FORMAT CSV")

    code = {"constraint": "469", "view": "395", "type": "27"}[refusal]
    assert (answer.status >= 400, answer.headers["X-ClickHouse-Exception-Code"]) == (True, code)
    assert b"/spool/" not in answer.body


def test_views_are_filled_when_the_insert_is_acknowledged(raw: RawClient, database: str) -> None:
    raw.rows(f"CREATE TABLE {database}.raw (x UInt64) ENGINE = MergeTree ORDER BY x")
    raw.rows(f"CREATE TABLE {database}.typed (y UInt64) ENGINE = MergeTree ORDER BY y")
    raw.rows(
        f"CREATE MATERIALIZED VIEW {database}.feed TO {database}.typed AS "
        f"SELECT x * 2 AS y FROM {database}.raw"
    )

    raw.rows(f"INSERT INTO {database}.raw FORMAT CSV\n1\n2\n3\n")

    assert raw.rows(f"SELECT sum(y) FROM {database}.typed") == ["12"]


@pytest.mark.parametrize("sent", [10, 5_000_000])
def test_a_body_that_is_cut_inserts_nothing(raw: RawClient, table: str, sent: int) -> None:
    head = f"POST /?query=INSERT+INTO+{table}+FORMAT+CSV HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection((raw.address.host, raw.address.port)) as connection:
        connection.sendall(f"{head}Content-Length: 10000000\r\n\r\n".encode())
        connection.sendall(b"1,aaaaaaa\n" * (sent // 10))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""

    assert raw.rows(f"SELECT count() FROM {table}") == ["0"]


@pytest.mark.parametrize(
    "text", ["a;\nSELECT 1;", "a\n\nb", "-- a", "/* a", "'", "\0;\0", "a\n;b\n"]
)
def test_data_that_looks_like_sql_is_data(raw: RawClient, table: str, text: str) -> None:
    row = struct.pack("<QB", 7, len(text)) + text.encode()

    raw.rows(row * 9999, query=f"INSERT INTO {table} FORMAT RowBinary")

    seen = raw.send(f"SELECT count(), any(s), uniqExact(s) FROM {table} FORMAT JSONCompactEachRow")
    assert json.loads(seen.body) == [9999, text, 1]


def test_defaults_fill_missing_fields(raw: RawClient, database: str) -> None:
    raw.rows(
        f"CREATE TABLE {database}.d (x UInt8, y String DEFAULT concat('d', toString(x))) "
        "ENGINE = Memory"
    )

    raw.rows('{"x": 1}{"x": 2, "y": "given"}', query=f"INSERT INTO {database}.d FORMAT JSONEachRow")

    assert raw.rows(f"SELECT y FROM {database}.d ORDER BY x") == ["d1", "given"]


def test_empty_body_and_bound_parameters(raw: RawClient, table: str) -> None:
    assert raw.send(b"", query=f"INSERT INTO {table} FORMAT CSV").status == 200
    raw.rows(f"INSERT INTO {table} VALUES ({{x:UInt64}}, {{s:String}})", param_x="5", param_s="p")

    assert raw.rows(f"SELECT * FROM {table}") == ["5\tp"]
