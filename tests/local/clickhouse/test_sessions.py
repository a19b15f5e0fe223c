"""Does a session keep what a server's session keeps, and nothing else?"""

import http.client
import time
import uuid
from collections.abc import Callable

import pytest

from tests.local.clickhouse.conftest import RawClient


@pytest.fixture
def session() -> str:
    return uuid.uuid4().hex


def test_session_keeps_settings_temporary_tables_and_database(
    raw: RawClient, session: str, database: str
) -> None:
    raw.rows("SET max_block_size = 123", session_id=session)
    raw.rows("CREATE TEMPORARY TABLE mine (x Int8)", session_id=session)
    raw.rows("INSERT INTO mine VALUES (7)", session_id=session)
    raw.rows(f"USE {database}", session_id=session)

    sql = "SELECT x, getSetting('max_block_size'), currentDatabase() FROM mine"
    assert raw.rows(sql, session_id=session) == [f"7\t123\t{database}"]
    assert raw.send("SELECT * FROM mine").status == 404
    assert raw.rows("SELECT currentDatabase()", session_id=session + "other") == ["default"]


def test_words_of_one_request_do_not_stay_in_its_session(
    raw: RawClient, session: str, database: str
) -> None:
    sql = "SELECT getSetting('max_block_size'), currentDatabase()"
    raw.rows("SET max_block_size = 123", session_id=session)

    seen = raw.rows(sql, session_id=session, max_block_size="9", database=database)

    assert seen == [f"9\t{database}"]
    assert raw.rows(sql, session_id=session) == ["123\tdefault"]
    raw.rows("SET max_block_size = 456", session_id=session, max_block_size="9")
    assert raw.rows(sql, session_id=session) == ["456\tdefault"]


def test_second_query_at_once_finds_the_session_locked(
    raw: RawClient, session: str, eventually: Callable[[Callable[[], bool], float, str], None]
) -> None:
    marker = f"/* first of {session} */"
    running = f"SELECT count() FROM system.processes WHERE startsWith(query, '{marker}')"
    first = http.client.HTTPConnection(raw.address.host, raw.address.port)
    sql = f"{marker} SELECT number FROM numbers(5000000)"  # more than sockets hold: it waits
    first.request("POST", f"/?session_id={session}", sql)
    eventually(lambda: raw.rows(running) == ["1"], 60, "the first one's start")
    second = raw.send("SELECT 1", session_id=session)
    assert first.getresponse().read().count(b"\n") == 5_000_000
    first.close()

    assert (second.status, second.headers["X-ClickHouse-Exception-Code"]) == (500, "373")
    assert f"Session {session} is locked by a concurrent client. (SESSION_IS_LOCKED)" in (
        second.body.decode()
    )


def test_session_is_free_as_soon_as_its_answer_is_read(raw: RawClient, session: str) -> None:
    answers = [raw.send(f"SELECT {number}", session_id=session) for number in range(100)]

    assert [answer.body for answer in answers] == [b"%d\n" % number for number in range(100)]


def test_session_goes_on_after_a_failure(raw: RawClient, session: str) -> None:
    raw.rows("CREATE TEMPORARY TABLE mine (x Int8)", session_id=session)

    failed = raw.send("SELECT throwIf(number = 5) FROM numbers(9)", session_id=session)

    assert failed.status == 500
    assert raw.rows("SELECT count() FROM mine", session_id=session) == ["0"]


def test_session_ends_with_its_timeout(raw: RawClient, session: str) -> None:
    # The newest request says how long: the first one leaves the second its time.
    raw.rows("CREATE TEMPORARY TABLE mine (x Int8)", session_id=session, session_timeout="60")
    assert raw.send("SELECT * FROM mine", session_id=session, session_timeout="1").status == 200

    time.sleep(2.2)

    missing = raw.send("SELECT 1", session_id=session, session_check="1")
    assert missing.headers["X-ClickHouse-Exception-Code"] == "372"
    assert f"Session {session} not found. (SESSION_NOT_FOUND)" in missing.body.decode()
    assert raw.send("SELECT * FROM mine", session_id=session).status == 404


def test_session_can_be_closed(raw: RawClient, session: str) -> None:
    raw.rows("SELECT 1", session_id=session, close_session="1")

    assert raw.send("SELECT 1", session_id=session, session_check="1").status == 500
