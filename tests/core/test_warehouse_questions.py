"""Does a question on the event loop answer what the pooled client does, and fail as it does?"""

import asyncio
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from core.errors import EngineUnavailableError
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import QueryTimeoutError, TenantQuery, Warehouse, WarehouseQueryError
from core.warehouse_questions import WarehouseQuestions

A, B = TenantId("ws_a"), TenantId("ws_b")
ROWS = TenantQuery(
    "select id, {text:String}, {numbers:Array(Int64)} from unified.asked order by id"
)


@pytest.fixture(scope="module")
def warehouse(engines: Settings):
    opened = Warehouse.connect(engines, pool_size=2)
    opened.command("create table unified.asked (workspace_id String, id String)"
                   " engine = MergeTree order by (workspace_id, id)")  # fmt: skip
    opened.command("insert into unified.asked values ('ws_a', 'a1'), ('ws_a', 'a2'), ('ws_b', 'b')")
    yield opened
    opened.command("drop table unified.asked")
    opened.close()


def asked(engines: Settings, ask):
    """Run `ask` with questions of its own, on a loop of its own."""

    async def run():
        questions = WarehouseQuestions.of(engines)
        try:
            return await ask(questions)
        finally:
            questions.close()

    return asyncio.run(run())


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=20), numbers=st.lists(st.integers(-(2**62), 2**62), max_size=3))
def test_it_answers_what_the_pooled_client_does(engines, warehouse, text, numbers):
    values = {"text": text, "numbers": numbers}

    def lines(questions):
        return questions.lines([A], ROWS, values, seconds=10)

    found = asked(engines, lines)
    assert found == warehouse.tenant_lines(A, ROWS, values, seconds=10)
    assert found.count(b"\n") == 2


def test_tenants_see_their_own_rows_and_many_ask_at_once(engines, warehouse):
    values = {"text": "", "numbers": []}

    async def ask(questions):
        each = [[A], [B], [A, B], [TenantId("ws_none")]] * 10
        return await asyncio.gather(
            *(questions.lines(tenants, ROWS, values, seconds=10) for tenants in each)
        )

    found = [sorted(line[2:4] for line in lines.splitlines()) for lines in asked(engines, ask)]
    assert found == [[b"a1", b"a2"], [b'b"'], [b"a1", b"a2", b'b"'], []] * 10


def test_parts_change_with_the_rows_and_only_then(engines, warehouse):
    async def ask(questions):
        return await questions.parts("unified.asked", seconds=10)

    warehouse.command("optimize table unified.asked final")
    first = asked(engines, ask)
    assert first
    assert asked(engines, ask) == first
    warehouse.command("insert into unified.asked values ('ws_c', 'c')")
    second = asked(engines, ask)
    assert second != first
    warehouse.command("delete from unified.asked where workspace_id = 'ws_c'")
    assert asked(engines, ask) not in (first, second)

    async def of_nothing(questions):
        return await questions.parts("unified.no_such_table", seconds=10)

    assert asked(engines, of_nothing) == b""


def test_replicas_that_answer_in_turns_tell_nothing_by_their_parts(engines, warehouse):
    async def ask(questions):
        return await questions.parts("unified.asked", seconds=10)

    replicated = engines.model_copy(update={"clickhouse_cluster": "main"})
    assert asked(replicated, ask) == b""


def test_refusals_timeouts_and_silence_are_told_apart(engines, warehouse):
    wrong = TenantQuery("select no_such_column from unified.asked")
    slow = TenantQuery("select sleepEachRow(1) from unified.asked")

    with pytest.raises(WarehouseQueryError, match="no_such_column"):
        asked(engines, lambda questions: questions.lines([A], wrong, {}, seconds=10))
    with pytest.raises(QueryTimeoutError):
        asked(engines, lambda questions: questions.lines([A], slow, {}, seconds=0.3))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = SecretStr(f"http://default@127.0.0.1:{bound.getsockname()[1]}")
        nobody = engines.model_copy(update={"clickhouse_url": url})
        with pytest.raises(EngineUnavailableError):
            asked(nobody, lambda questions: questions.lines([A], ROWS, {}, seconds=10))


class Server:
    """Speaks prepared answers, one a connection, and closes each after so many."""

    def __init__(self, *connections):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = connections
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with self.socket:
            for answers in self.connections:
                connection, _ = self.socket.accept()
                with connection:
                    for answer in answers:
                        connection.recv(65_536)
                        connection.sendall(answer)

    @property
    def settings(self):
        url = SecretStr(f"http://127.0.0.1:{self.port}")
        return Settings(clickhouse_url=url)


ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[1]\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[2]\n\r\n0\r\n\r\n"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[1]\n"
QUESTION = TenantQuery("select 1 from unified.asked")


def ask_twice(questions):
    async def ask():
        found = []
        for _ in range(2):
            found.append(await questions.lines([A], QUESTION, {}, seconds=5))
            await asyncio.sleep(0.05)  # until the server has closed what it closes
        return found

    return ask()


def test_a_connection_that_was_closed_while_it_waited_costs_nobody_an_answer():
    assert asked(Server([ONE], [CHUNKED]).settings, ask_twice) == [b"[1]\n", b"[2]\n"]
    assert asked(Server([CHUNKED, ONE]).settings, ask_twice) == [b"[2]\n", b"[1]\n"]


@pytest.mark.parametrize("answer", [CUT, b"", b"no HTTP\r\n\r\n"])
def test_an_answer_that_is_not_whole_is_none(answer):
    with pytest.raises(EngineUnavailableError):
        asked(Server([answer]).settings, ask_twice)
