"""Is a failing query told as a server tells it: status, code, name and text?"""

import socket

import pytest

from tests.local.clickhouse.conftest import RawClient


@pytest.mark.parametrize(
    ("sql", "status", "code", "text"),
    [
        ("SELEC 1", 400, 62, "Syntax error: failed at position 1 (SELEC)"),
        ("1 + 1", 400, 62, "Syntax error: failed at position 1 (1)"),
        ("", 400, 62, "Syntax error"),
        ("SELECT 1; SELECT 2", 400, 62, "Multi-statements are not allowed"),
        ("SELECT nosuch", 404, 47, "Unknown expression identifier `nosuch`"),
        ("SELECT * FROM nosuch", 404, 60, "Unknown table expression identifier 'nosuch'"),
        ("SELECT * FROM nosuch.t", 404, 81, "Database nosuch does not exist. (UNKNOWN_DATABASE)"),
        ("DROP TABLE nosuch", 404, 60, "Table default.nosuch does not exist. (UNKNOWN_TABLE)"),
        ("INSERT INTO nosuch VALUES (1)", 404, 60, "Table default.nosuch does not exist."),
        ("SELECT nosuch(1)", 404, 46, "Function with name `nosuch` does not exist"),
        ("SELECT 1 FORMAT Nosuch", 404, 73, "DB::Exception: Unknown format Nosuch. (UNKNOWN_FORM"),
        ("SELECT CAST(1 AS Nosuch)", 404, 50, "Unknown data type family: Nosuch"),
        ("SELECT toUInt8('x')", 400, 6, "Cannot parse string 'x' as UInt8"),
        ("SELECT 1 + 'a'", 500, 43, "Illegal types"),
        ("SELECT {x:Int8}", 500, 456, "Substitution `x` is not set. (UNKNOWN_QUERY_PARAMETER)"),
        ("SELECT throwIf(number = 9) FROM numbers(10)", 500, 395, "Value passed to 'throwIf'"),
        ("CREATE DATABASE system", 500, 82, "Database system already exists"),
        ("SELECT 1 INTO OUTFILE 'f'", 500, 358, "INTO OUTFILE is not allowed"),
        ("INSERT INTO t SELECT * FROM input('x Int8') FORMAT CSV\n1", 501, 48, "function input"),
        ("INSERT INTO t FROM INFILE 'f' FORMAT CSV", 404, 78, "Query has infile"),
    ],
)
def test_failure_has_the_servers_status_code_and_text(
    raw: RawClient, sql: str, status: int, code: int, text: str
) -> None:
    answer = raw.send(sql)

    message = answer.body.decode()
    version = raw.rows("SELECT version()")[0]
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert message.startswith(f"Code: {code}. DB::Exception: ")
    assert text in message
    assert message.endswith(f") (version {version})\n")


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ({"nosuchsetting": "1"}, 404, 115),
        ({"max_threads": "many"}, 400, 27),
        ({"database": "nosuch"}, 404, 81),
        ({"session_timeout": "99999", "session_id": "x"}, 500, 374),
        ({"compress": "1"}, 501, 48),
        ({"max_execution_time": "0.2"}, 408, 159),
        ({"max_memory_usage": "1000000"}, 500, 241),
        ({"readonly": "1"}, 200, 0),
    ],
)
def test_words_that_cannot_be_met(
    raw: RawClient, words: dict[str, str], status: int, code: int
) -> None:
    sql = "SELECT 1"
    if "max_execution_time" in words:
        sql = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 0"
    if "max_memory_usage" in words:
        sql = "SELECT length(groupArray(number)) FROM numbers(10000000)"

    answer = raw.send(sql, **words)

    assert answer.status == status
    assert answer.headers.get("X-ClickHouse-Exception-Code", "0") == str(code)


def test_body_without_length_is_refused(raw: RawClient) -> None:
    # http.client adds a length to every POST, so this one is written by hand.
    with socket.create_connection((raw.address.host, raw.address.port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"Code: 381. DB::Exception: The Transfer-Encoding is not chunked" in answer


def test_failure_in_the_middle_of_an_answer_is_marked_in_its_tail(raw: RawClient) -> None:
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(5000000) FORMAT TSV"

    answer = raw.send(sql)

    tag = answer.headers["X-ClickHouse-Exception-Tag"].encode()
    assert answer.status == 200
    head, _, tail = answer.body.rpartition(b"__exception__\r\n" + tag + b"\r\n")
    assert head.startswith(b"0\t0\n1\t0\n")
    message, _, ending = tail.rpartition(b"\n")
    assert tail.startswith(b"Code: 395. DB::Exception: Value passed to 'throwIf'")
    assert tail.endswith(tag + b"\r\n__exception__\r\n")
    assert len(message) > 0
    assert ending == b""
    assert raw.send(sql, wait_end_of_query="1").status == 500
