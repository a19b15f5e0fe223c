"""Guards whoever sends to strangers: answers that trickle, never end or unpack to gigabytes."""

import gzip
import threading
import time
import tracemalloc
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import SimpleNamespace

import pytest

from core import outbound_post
from core.outbound_address import checked_address
from core.outbound_post import NoAnswerError, post_to

BODY = b"{}"


@pytest.fixture
def answering():
    """Start an address that reads a request and hands its connection to what is given.

    All of it, though head and body come in two pieces: what a peer closes over unread bytes ends
    as another failure, and who waits for silence must not be given the body.
    """
    servers, heads = [], []

    def start(answer):
        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                received = b""
                while not received.endswith(BODY) and (piece := self.request.recv(65_536)):
                    received += piece
                heads.append(received.decode())
                try:
                    answer(self.request)
                except OSError:
                    return  # hung up on, as it should be

        server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/hook?x=1"
        return checked_address(url, local_allowed=True), heads

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def post(address, seconds=20.0):
    return post_to(address, BODY, {"X-Mine": "1"}, seconds=seconds)


def test_what_is_sent_and_what_is_read(answering):
    address, heads = answering(
        lambda peer: peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno \n hook")
    )
    assert post(address) == (404, "no hook")
    lines = heads[0].split("\r\n")
    assert lines[0] == "POST /hook?x=1 HTTP/1.1"
    assert {f"Host: {address.name}", "X-Mine: 1", "Accept-Encoding: identity"} <= set(lines)


def test_a_redirect_is_an_answer(answering):
    head = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    assert post(answering(lambda peer: peer.sendall(head))[0]) == (302, "")


def test_nothing_is_unpacked(answering):
    """16 MB of zeros pack into 16 KB, which come in one piece."""
    packed = gzip.compress(bytes(1 << 24), 9)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    address, _ = answering(lambda peer: peer.sendall(head + packed))
    post(address)  # what is imported and read once is no cost of an answer
    tracemalloc.start()
    try:
        assert post(address) == (200, "")
        assert tracemalloc.get_traced_memory()[1] < 1 << 21
    finally:
        tracemalloc.stop()


def test_a_body_without_end_is_read_as_far_as_it_is_shown(answering):
    def answer(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"a" * 65_536)

    assert post(answering(answer)[0]) == (200, "a" * 200)


def test_a_status_stands_though_its_body_breaks_off(answering):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok"
    assert post(answering(lambda peer: peer.sendall(head))[0]) == (200, "ok")


def trickle(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        peer.sendall(b"a")
        time.sleep(0.02)


def announce(peer):
    while True:
        peer.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)


@pytest.mark.parametrize(
    ("answer", "seconds", "detail"),
    [
        (trickle, 0.5, "No answer: ReadTimeout"),
        (lambda peer: peer.recv(1), 0.5, "No answer: ReadTimeout"),
        (announce, 60, "No answer: ReadError"),
        (
            lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nX: "),
            60,
            "No answer: RemoteProtocolError",
        ),
        (lambda peer: peer.sendall(b"SSH-2.0-x\r\n\r\n"), 60, "No answer: RemoteProtocolError"),
    ],
    ids=["a byte at a time", "silence", "hints without end", "half a head", "another protocol"],
)
def test_who_gives_no_head_in_time_gives_no_answer(answering, monkeypatch, answer, seconds, detail):
    """A byte within every read's own timeout is the fault that this deadline is for.

    The time begins when the request has been read: who is slow to send it is another failure.
    """
    address, heads = answering(answer)
    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() if heads else began)
    monkeypatch.setattr(outbound_post, "time", clock)
    with pytest.raises(NoAnswerError) as caught:
        post(address, seconds=seconds)
    assert (caught.value.detail, caught.value.is_unsent) == (detail, False)


def test_who_is_not_there_was_sent_nothing(answering):
    address = checked_address("http://127.0.0.1:9/", local_allowed=True)
    with pytest.raises(NoAnswerError) as caught:
        post(address)
    assert caught.value.is_unsent
