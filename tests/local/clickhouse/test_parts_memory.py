"""Is an answer about parts told again exactly as long as nothing can have changed them?"""

import pytest

from core.warehouse_questions import PARTS as WAREHOUSE_PARTS
from local.clickhouse.engine import Outcome, Progress
from local.clickhouse.parts_memory import MOMENT_SECONDS, PartsMemory, question_about_parts
from local.clickhouse.requests import read_request
from local.clickhouse.statements import parse_statement
from tests.local.clickhouse.conftest import RawClient

PARTS = "SELECT name FROM system.parts WHERE database = {d:String} AND table = 't' AND active"


class Watched:
    """A memory whose clock stands still, over an engine that counts what it is asked."""

    def __init__(self) -> None:
        self.now, self.asked = 0.0, 0
        self.memory = PartsMemory(lambda: self.now)

    def engine(self) -> Outcome:
        self.asked += 1
        return Outcome(b"%d" % self.asked, Progress())

    def tell(self, question: str = "parts") -> bytes:
        return self.memory.answer(question, self.engine).body


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_tells_again_what_it_told_for_a_moment(watched: Watched) -> None:
    told = [watched.tell(), watched.tell(), watched.tell("others"), watched.tell("others")]
    watched.now = MOMENT_SECONDS

    assert (*told, watched.tell()) == (b"1", b"1", b"2", b"2", b"3")


def test_a_statement_that_may_write_ends_what_was_told(watched: Watched) -> None:
    watched.tell()
    with watched.memory.changing():
        meanwhile = watched.tell(), watched.tell()

    assert (*meanwhile, watched.tell(), watched.tell()) == (b"2", b"3", b"4", b"4")


def test_what_was_asked_beside_a_change_is_not_told_again(watched: Watched) -> None:
    def changed_while_asked() -> Outcome:
        with watched.memory.changing():
            return watched.engine()

    def asked_in_a_change_that_ended() -> Outcome:
        change.__exit__(None, None, None)
        return watched.engine()

    watched.memory.answer("parts", changed_while_asked)
    after_a_change = watched.tell()
    change = watched.memory.changing()
    change.__enter__()
    watched.memory.answer("parts", asked_in_a_change_that_ended)

    assert (after_a_change, watched.tell()) == (b"2", b"4")


def test_questions_are_forgotten_oldest_first(watched: Watched) -> None:
    for number in range(101):
        watched.tell(str(number))

    assert (watched.tell("1"), watched.tell("0")) == (b"2", b"102")


@pytest.mark.parametrize(
    ("sql", "is_remembered"),
    [
        (WAREHOUSE_PARTS.decode(), True),
        ("select path from system.parts where active", True),
        ("select path from system.parts where name in ('a', 'b')", True),
        ("SELECT count() FROM `system`.`parts`", False),
        ("select path, (select max(at) from t) from system.parts", False),
        ("select path from system.parts, t", False),
        ("select path from system.parts p join t using name", False),
        ("select path from system.parts where name in names", False),
        ("select path, now() from system.parts", False),
        ("select path from system.parts_columns", False),
        ("select 'from system.parts'", False),
        ("alter table system.parts delete where 1", False),
    ],
)
def test_only_what_asks_for_nothing_else_is_remembered(sql: str, is_remembered: bool) -> None:
    question = question_about_parts(read_request("POST", {}, {}), parse_statement(sql))

    assert (question is not None) is is_remembered


def test_another_request_is_another_question() -> None:
    statement = parse_statement("select path from system.parts")
    asked: list[dict[str, str]] = [
        {}, {"param_table": "t"}, {"max_threads": "1"}, {"database": "d"},
        {"default_format": "CSV"},
    ]  # fmt: skip
    questions = {question_about_parts(read_request("POST", one, {}), statement) for one in asked}

    assert len(questions) == 5
    assert question_about_parts(read_request("POST", {"session_id": "s"}, {}), statement) is None


def test_new_rows_show_in_the_parts_at_once(raw: RawClient, database: str) -> None:
    raw.rows(f"CREATE TABLE {database}.t (x Int8) ENGINE = MergeTree ORDER BY x")
    raw.rows(f"SYSTEM STOP MERGES {database}.t")

    told = []
    for number in range(5):
        raw.rows(f"INSERT INTO {database}.t FORMAT TabSeparated\n{number}")
        told += [len(raw.rows(PARTS, param_d=database)) for _ in range(2)]
    raw.rows(f"TRUNCATE TABLE {database}.t")

    assert told == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert raw.rows(PARTS, param_d=database) == []
