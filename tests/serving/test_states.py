"""Is a state read when it may have changed, and only then? Against scripted answers."""

import asyncio
import json

import pytest

from core.errors import EngineUnavailableError
from core.tenancy import TenantId
from core.warehouse import WarehouseQueryError
from serving.states import NOTHING, TOGETHER, StateReader

A, B = TenantId("ws_a"), TenantId("ws_b")


class Questions:
    """Answers by the parts that it is told of; a state is the sum of what a workspace has in them.

    What was asked is kept in `asked`; nothing is answered before `may_answer` is set.
    """

    def __init__(self, **held):
        self.held, self.asked, self.fails = held, [], None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def parts(self, table, *, seconds):
        self.asked.append("parts")
        seen = json.dumps(self.held).encode()
        await self.may_answer.wait()
        if self.fails is not None:
            raise self.fails
        return seen

    async def lines(self, tenants, query, parameters, *, seconds):
        self.asked.append(sorted(map(str, tenants)))
        rows = [
            [str(t), 1, 1000, str(self.held[str(t)]), 0] for t in tenants if str(t) in self.held
        ]
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def running(scenario):
    asyncio.run(scenario())


def test_while_the_parts_are_the_same_no_state_is_read_again():
    async def scenario():
        questions = Questions(ws_a=1, ws_b=5)
        states = StateReader(questions, 1.0)
        assert (await states.ask(A)).text == "1"
        assert [state.text for state in await asyncio.gather(states.ask(A), states.ask(B))] == [
            "1", "5",
        ]  # fmt: skip
        assert (await states.ask(B)).as_of == "1970-01-01T00:00:01.000Z"
        assert questions.asked == ["parts", ["ws_a"], "parts", ["ws_b"], "parts"]
        questions.held["ws_b"] = 6
        assert [(await states.ask(one)).text for one in (A, B)] == ["1", "6"]
        # B was asked for lately: it is read with A, and need not be when its turn comes.
        assert questions.asked[5:] == ["parts", ["ws_a", "ws_b"], "parts"]
        assert await states.ask(TenantId("ws_none")) == NOTHING
        await states.close()

    running(scenario)


def test_with_one_that_waits_those_are_read_that_were_asked_for_last():
    async def scenario():
        questions = Questions(**{f"ws_{number}": number for number in range(TOGETHER + 5)})
        names = list(questions.held)
        states = StateReader(questions, 1.0)
        for name in names:
            await states.ask(TenantId(name))
        questions.held["ws_1"] = 100
        questions.asked.clear()
        assert (await states.ask(TenantId("ws_0"))).text == "0"
        assert questions.asked == ["parts", sorted(["ws_0", *names[-TOGETHER:]])]
        # What was not read with it is, with its own question; nothing of before the change is told.
        found = [(await states.ask(TenantId(name))).text for name in names]
        assert found == [str(questions.held[name]) for name in names]
        assert questions.asked[3:4] == ["parts"]
        assert questions.asked.count("parts") == len(names) + 1
        assert [one for one in questions.asked[2:] if one != "parts"] == [
            sorted(names[1 : len(names) - TOGETHER])
        ]
        await states.close()

    running(scenario)


def test_who_asks_while_a_question_is_out_is_answered_by_the_next():
    async def scenario():
        questions = Questions(ws_a=1)
        states = StateReader(questions, 1.0)
        await states.ask(A)
        questions.may_answer.clear()
        early = asyncio.shield(states.ask(A))
        while questions.asked[2:] != ["parts"]:
            await asyncio.sleep(0)
        questions.held["ws_a"] = 2
        late = asyncio.shield(states.ask(A))
        questions.may_answer.set()
        assert [(await early).text, (await late).text] == ["1", "2"]
        await states.close()

    running(scenario)


def test_where_nobody_tells_of_parts_the_state_is_always_read():
    async def scenario():
        questions = Questions(ws_a=1)
        questions.fails = WarehouseQueryError("not allowed")
        states = StateReader(questions, 1.0)
        assert [(await states.ask(A)).text for _ in range(2)] == ["1", "1"]
        assert questions.asked == ["parts", ["ws_a"]] * 2
        await states.close()

    running(scenario)


def test_a_failure_reaches_whoever_asked_and_nobody_after():
    async def scenario():
        questions = Questions(ws_a=1)
        questions.fails = EngineUnavailableError("away")
        states = StateReader(questions, 1.0)
        for found in await asyncio.gather(states.ask(A), states.ask(B), return_exceptions=True):
            assert found is questions.fails
        questions.fails = None
        assert (await states.ask(A)).text == "1"
        await states.close()

    running(scenario)


def test_a_thread_may_ask_too_and_who_leaves_takes_no_answer_from_others():
    async def scenario():
        questions = Questions(ws_a=7)
        states = StateReader(questions, 1.0)
        assert (await asyncio.to_thread(states.read, A)).text == "7"
        questions.may_answer.clear()
        waiting = asyncio.shield(states.ask(A))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(states.ask(A)), 0.01)
        questions.may_answer.set()
        assert (await waiting).text == "7"
        await states.close()

    running(scenario)
