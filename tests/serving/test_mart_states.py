"""Is a mart's state read when it may have changed, and only then? Against scripted answers."""

import asyncio
import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from core.errors import EngineUnavailableError
from core.tenancy import TenantId
from core.warehouse import TenantQuery, WarehouseQueryError
from serving import mart_states
from serving.answers import AnswerCache
from serving.caching import cached_model
from serving.mart_states import MartStates

A, B, C = TenantId("ws_a"), TenantId("ws_b"), TenantId("ws_c")
NEWEST = TenantQuery("select count() as rows_held from marts.x")
OTHER = TenantQuery("select count() as rows_held from marts.y")
AT = datetime(2026, 1, 1, tzinfo=UTC)


class Engine:
    """ClickHouse by the rows that a workspace has in a table; what was asked is in `asked`."""

    def __init__(self):
        self.held, self.asked, self.fails, self.is_blind, self.looked = {}, [], None, False, 0
        self.may_look, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_look.set()
        self.may_answer.set()

    async def parts(self, *tables, seconds):
        self.asked.append("parts")
        await self.may_look.wait()
        seen = [
            json.dumps([f"{table}/{tenant}/{held}", 1, held])
            for (table, tenant), held in sorted(self.held.items())
            if table in tables
        ]
        self.looked += 1
        await self.may_answer.wait()
        if self.fails is not None:
            raise self.fails
        return b"" if self.is_blind else "\n".join(seen).encode()

    def rows_of(self, tenants, query, *, seconds):
        (table,) = query.tables
        self.asked.append((table, *map(str, tenants)))
        names = [str(one) for one in tenants if (table, str(one)) in self.held]
        return [row(name, self.held[table, name]) for name in names]


def row(tenant, held):
    return {"workspace_id": tenant, "rows_held": held, "newest_at": AT, "state": str(held)}


def running(scenario):
    async def run():
        engine = Engine()
        states = MartStates(engine, 1.0)

        async def read(tenant, query=NEWEST):
            (text, as_of), given = await asyncio.to_thread(
                states.answer, engine, tenant, query, lambda state: state
            )
            assert (text, as_of) == given
            assert as_of == (AT if text else None)
            return int(text or 0)

        await scenario(engine, read)

    asyncio.run(run())


def asking():
    """Return how many on this loop ask for parts, or wait for who does."""
    return sum(task.get_coro().__name__ == "_parts" for task in asyncio.all_tasks())


def test_while_the_parts_are_the_same_nothing_is_read_again():
    """And when they have changed, of everybody who asked lately, with whoever asks first."""

    async def scenario(engine, read):
        engine.held |= {("marts.x", "ws_a"): 1, ("marts.x", "ws_b"): 5, ("marts.y", "ws_a"): 9}
        found = [await read(A), await read(B), await read(C), await read(A), await read(A, OTHER)]
        assert found == [1, 5, 0, 1, 9]
        assert engine.asked == [
            "parts", ("marts.x", "ws_a"), "parts", ("marts.x", "ws_b"), "parts",
            ("marts.x", "ws_c"), "parts", "parts", ("marts.y", "ws_a", "ws_c", "ws_b"),
        ]  # fmt: skip
        engine.held["marts.x", "ws_b"] = 6
        engine.asked.clear()
        assert [await read(B), await read(A), await read(C), await read(B, OTHER)] == [6, 1, 0, 0]
        assert [one for one in engine.asked if one != "parts"] == [
            ("marts.x", "ws_b", "ws_a", "ws_c")
        ]

    running(scenario)


def test_of_a_large_table_each_workspaces_is_read_alone(monkeypatch):
    monkeypatch.setattr(mart_states, "MOST_ROWS_TOGETHER", 5)

    async def scenario(engine, read):
        engine.held |= {("marts.x", "ws_a"): 1, ("marts.x", "ws_b"): 5, ("marts.y", "ws_a"): 5}
        found = [await read(A), await read(B), await read(A), await read(B, OTHER)]
        assert found == [1, 5, 1, 0]
        engine.held["marts.x", "ws_b"] = 6
        assert [await read(A), await read(B), await read(A, OTHER)] == [1, 6, 5]
        assert [one for one in engine.asked if one != "parts"] == [
            ("marts.x", "ws_a"), ("marts.x", "ws_b"), ("marts.y", "ws_b", "ws_a"),
            ("marts.x", "ws_a"), ("marts.x", "ws_b"),
        ]  # fmt: skip

    running(scenario)


def test_no_more_are_read_together_than_asked_last(monkeypatch):
    monkeypatch.setattr(mart_states, "TOGETHER", 2)

    async def scenario(engine, read):
        engine.held["marts.y", "ws_a"] = 1
        for one in (A, B, C):
            await read(one)
        engine.asked.clear()
        await read(A, OTHER)
        assert engine.asked == ["parts", ("marts.y", "ws_a", "ws_c")]

    running(scenario)


def test_each_is_answered_by_a_question_that_was_put_after_it_came():
    """One waits for the parts; two come meanwhile, after a row has landed: they share the next."""

    async def scenario(engine, read):
        engine.held["marts.x", "ws_a"] = 1
        engine.may_answer.clear()
        first = asyncio.create_task(read(A))
        while engine.asked != ["parts"]:
            await asyncio.sleep(0.001)
        engine.held |= {("marts.x", "ws_a"): 2, ("marts.x", "ws_b"): 7}
        later = [asyncio.create_task(read(one)) for one in (A, B)]
        while asking() < 3:  # the first, and both of these
            await asyncio.sleep(0.001)
        engine.may_answer.set()
        assert await asyncio.gather(first, *later) == [2, 2, 7]
        assert engine.asked.count("parts") == 2
        # What was read after the older parts is read again with the newer: it may be older.
        assert await read(A) == 2

    running(scenario)


def test_where_the_parts_are_not_told_each_state_is_read():
    async def scenario(engine, read):
        for engine.is_blind, engine.fails in ((True, None), (False, WarehouseQueryError("no"))):
            engine.asked.clear()
            assert [await read(A), await read(A)] == [0, 0]
            assert engine.asked == ["parts", ("marts.x", "ws_a")] * 2

    running(scenario)


def test_a_question_that_fails_leaves_nothing_behind():
    async def scenario(engine, read):
        engine.fails = EngineUnavailableError("gone", next_step="wait")
        for _ in range(2):
            with pytest.raises(EngineUnavailableError):
                await read(A)
        engine.fails = None
        assert await read(A) == 0

    running(scenario)


def making(scenario):
    """Run a scenario with what makes an answer: the rows that a workspace has as it is made."""

    async def run():
        engine = Engine()
        states = MartStates(engine, 1.0)
        made = []

        async def answer(tenant, query=NEWEST, before=lambda: None, meanwhile=lambda: None):
            def make(state):
                (table,) = query.tables
                before()
                made.append((state.text, engine.held.get((table, str(tenant)), 0)))
                meanwhile()
                return made[-1]

            made.clear()
            state, given = await asyncio.to_thread(states.answer, engine, tenant, query, make)
            assert given == made[-1]
            assert given[0] == state.text
            return list(made)

        await scenario(engine, answer)

    asyncio.run(run())


def test_an_answer_is_made_in_the_remembered_state_while_the_parts_are_asked_for():
    async def scenario(engine, answer):
        engine.held["marts.x", "ws_a"] = 1
        loop = asyncio.get_running_loop()
        assert await answer(A) == [("1", 1)]
        engine.may_answer.clear()
        waiting = asyncio.create_task(
            answer(A, meanwhile=lambda: loop.call_soon_threadsafe(engine.may_answer.set))
        )
        assert await asyncio.wait_for(waiting, 5) == [("1", 1)]
        assert engine.asked == ["parts", ("marts.x", "ws_a"), "parts"]

    making(scenario)


@pytest.mark.parametrize("is_seen_by_parts", [True, False])
@pytest.mark.parametrize("is_seen_by_answer", [True, False])
def test_an_answer_is_never_older_than_its_state(is_seen_by_parts, is_seen_by_answer):
    """A row lands before or after the answer is made, and before or after the parts are read."""

    async def scenario(engine, answer):
        loop = asyncio.get_running_loop()
        engine.held["marts.x", "ws_a"] = 1
        await answer(A)
        landed = []

        def land():
            if not landed:
                if not is_seen_by_parts:
                    _until(lambda: engine.looked == 2)
                engine.held["marts.x", "ws_a"] = 2
                loop.call_soon_threadsafe(engine.may_look.set)
                landed.append(True)

        if is_seen_by_parts:
            engine.may_look.clear()
        when = {"before" if is_seen_by_answer else "meanwhile": land}
        first = ("1", 2 if is_seen_by_answer else 1)
        again = [("2", 2)]
        made = await asyncio.wait_for(answer(A, **when), 5)
        assert made == [first, *(again if is_seen_by_parts else [])]
        assert await answer(A) == (again if is_seen_by_parts else [("1", 2), *again])

    making(scenario)


def test_an_answer_is_made_once_where_a_change_is_known_of_or_not_its_own():
    async def scenario(engine, answer):
        engine.held |= {("marts.x", "ws_a"): 1, ("marts.x", "ws_b"): 1}
        assert [await answer(A), await answer(B)] == [[("1", 1)], [("1", 1)]]
        # Another's row: the state is read again, and is the one that the answer was made in.
        engine.held["marts.x", "ws_b"] = 2
        assert await answer(A) == [("1", 1)]
        # B's was read with it. A row of both: B meets it, and A's next answer waits for its state.
        assert await answer(B) == [("2", 2)]
        engine.held |= {("marts.x", "ws_a"): 3, ("marts.x", "ws_b"): 3}
        assert await answer(B) == [("2", 3), ("3", 3)]
        assert await answer(A) == [("3", 3)]

    making(scenario)


def test_an_answer_waits_where_the_parts_are_not_told_and_fails_with_its_question():
    async def scenario(engine, answer):
        engine.held["marts.x", "ws_a"] = 1
        engine.is_blind = True
        for _ in range(2):
            assert await answer(A) == [("1", 1)]
        engine.is_blind, engine.fails = False, EngineUnavailableError("gone", next_step="wait")
        with pytest.raises(EngineUnavailableError):
            await answer(A)
        engine.fails = None
        assert await answer(A) == [("1", 1)]

        def fails():
            raise KeyError("made")

        with pytest.raises(KeyError):
            await answer(A, meanwhile=fails)
        assert await answer(A) == [("1", 1)]

    making(scenario)


def _until(is_so):
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Asking:
    """A request of a workspace, as an answer that is kept sees it."""

    tenant, if_none_match = A, ""

    def __init__(self, states, engine, answers):
        self.exchange = SimpleNamespace(facts={})
        self.states, self.engine, self.answers, self.headers = states, engine, answers, {}

    def answer(self, newest, make):
        return self.states.answer(self.engine, A, newest, make)

    def answer_with(self, header, value):
        self.headers[header] = value


class Held(BaseModel):
    rows: int


def test_what_newer_rows_make_is_not_kept_for_a_state_that_comes_back():
    """A connection is erased: its workspace's marts are as they were before it, count for count."""

    async def run():
        engine = Engine()
        states, answers = MartStates(engine, 1.0), AnswerCache(None)

        def held():
            return Held(rows=engine.held["marts.x", "ws_a"])

        async def ask(by):
            scope = Asking(states, engine, answers)
            response = await asyncio.to_thread(
                cached_model, scope, "rows", {"by": by}, NEWEST, held
            )
            assert scope.headers == {"X-Data-As-Of": "2026-01-01T00:00:00.000Z"}
            return json.loads(response.body)["rows"], scope.exchange.facts, response.headers["etag"]

        engine.held["marts.x", "ws_a"] = 1
        assert (await ask("month"))[:2] == (1, {})
        engine.held["marts.x", "ws_a"] = 2
        *found, of_two = await ask("day")
        assert found == [2, {}]
        assert await ask("day") == (2, {"cached": True}, of_two)
        engine.held["marts.x", "ws_a"] = 1
        *found, of_one = await ask("day")
        assert found == [1, {}]
        assert of_one != of_two
        assert await ask("day") == (1, {"cached": True}, of_one)
        assert (await ask("month"))[:2] == (1, {"cached": True})

    asyncio.run(run())
