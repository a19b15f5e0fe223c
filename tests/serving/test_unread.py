"""Is a reader waited for as long as it reads, and no longer? By a script, and by a real server."""

import asyncio
import socket
import threading

import pytest
import uvicorn

from serving.request_heads import BoundedProtocol
from serving.unread import LEAST_BYTES, Unread


class Connection:
    """A transport whose unsent bytes are told; each look at it is the next."""

    def __init__(self, *unsent):
        self.unsent, self.looks, self.is_aborted = list(unsent), 0, False

    def get_write_buffer_size(self):
        self.looks += 1
        return self.unsent[min(self.looks, len(self.unsent)) - 1]

    def abort(self):
        self.is_aborted = True


def watched(connection, turns=20):
    async def watch():
        unread = Unread(connection, 0.0, asyncio.get_running_loop())
        unread.watch()
        for _ in range(turns):
            await asyncio.sleep(0)
        unread.stop()

    asyncio.run(watch())
    return connection.is_aborted


FULL = 10 * LEAST_BYTES


@pytest.mark.parametrize(
    ("unsent", "is_aborted"),
    [
        ([0], False),
        ([FULL, FULL], True),
        ([FULL, FULL - LEAST_BYTES + 1], True),
        ([FULL, FULL - LEAST_BYTES, FULL - LEAST_BYTES, FULL - 2 * LEAST_BYTES], False),
        ([100, 0], False),
        ([100, 99], True),
    ],
    ids=["nothing to send", "nothing taken", "too little", "enough, then all", "all", "a byte"],
)
def test_who_takes_too_little_is_hung_up_on(unsent, is_aborted):
    # Looked at twice between: what is left after one look is where the next begins.
    assert watched(Connection(*unsent, *([0] if not is_aborted else []))) is is_aborted


def test_what_is_no_longer_watched_is_left_alone():
    async def watch():
        connection = Connection(FULL)
        unread = Unread(connection, 0.0, asyncio.get_running_loop())
        unread.watch()
        unread.stop()
        for _ in range(5):
            await asyncio.sleep(0)
        return connection.is_aborted

    assert asyncio.run(watch()) is False


class ImpatientProtocol(BoundedProtocol):
    unread_seconds = 0.2
    lost = threading.Event()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.lost.set()


@pytest.fixture
def serving():
    """Start a server whose one answer has so many parts of 100 kB; it keeps connections open."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        running = []

        def start(parts):
            async def answer(scope, receive, send):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                for _ in range(parts):
                    part = {"type": "http.response.body", "body": bytes(100_000)}
                    await send({**part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})

            config = uvicorn.Config(
                answer, http=ImpatientProtocol, lifespan="off", timeout_keep_alive=3600,
                log_config=None,
            )  # fmt: skip
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=([listening],))
            thread.start()
            running.append((server, thread))
            return listening.getsockname()

        yield start
        for server, thread in running:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("parts", [300, 30], ids=["a stream that waits", "the rest of an answer"])
def test_an_answer_that_nobody_takes_is_given_up(serving, parts):
    """The reader keeps its connection open and reads nothing: only the server can end it."""
    ImpatientProtocol.lost.clear()
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(serving(parts))
        reader.sendall(b"GET / HTTP/1.1\r\nHost: api\r\n\r\n")
        assert ImpatientProtocol.lost.wait(30)
