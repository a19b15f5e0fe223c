"""Does an answer leave in one piece, and never later than it could?"""

import asyncio
from dataclasses import dataclass, field

import pytest

from serving.answering import Answering


@dataclass
class Connection:
    """What a transport was told, in order."""

    told: list[object] = field(default_factory=list)
    has_begun: bool = False

    def write(self, data):
        self.told.append(data)

    def writelines(self, pieces):
        self.told.append(tuple(pieces))

    def close(self):
        self.told.append("closed")

    def is_closing(self):
        return "closed" in self.told


@pytest.fixture
def connection():
    return Connection()


def told(connection, answer):
    """Return what the connection was told by an answer, while it was given and after."""

    async def give():
        answering = Answering(
            connection, lambda: connection.has_begun, asyncio.get_running_loop()
        )  # fmt: skip
        await answer(answering)
        at_once = list(connection.told)
        await asyncio.sleep(0)
        return at_once, connection.told[len(at_once) :]

    return asyncio.run(give())


def test_head_and_body_are_one_piece_and_what_follows_is_written_as_it_comes(connection):
    async def answer(answering):
        answering.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.has_begun = True
        for piece in (b"head", b"body", b"more"):
            answering.write(piece)

    expected = [b"HTTP/1.1 100 Continue\r\n\r\n", (b"head", b"body"), b"more"]
    assert told(connection, answer) == (expected, [])


def test_a_stream_that_takes_its_time_announces_itself(connection):
    async def answer(answering):
        connection.has_begun = True
        answering.write(b"head")
        assert connection.told == []
        await asyncio.sleep(0)
        answering.write(b"first")

    assert told(connection, answer) == ([b"head", b"first"], [])


def test_an_answer_without_a_body_is_written_when_the_loop_turns(connection):
    async def answer(answering):
        connection.has_begun = True
        answering.write(b"head")

    assert told(connection, answer) == ([], [b"head"])


def test_closing_writes_what_is_held(connection):
    async def answer(answering):
        connection.has_begun = True
        answering.write(b"head")
        assert not answering.is_closing()
        answering.close()
        assert answering.is_closing()

    assert told(connection, answer) == ([b"head", "closed"], [])
