"""Does a client behave over aiohttp as httpx says it does? By a server of raw sockets."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from core.authorities import trusted
from pipelines.transport import Transport

FINE = b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Provider:
    """Answers each request with the next of its bytes; after None it closes without any."""

    script: list[bytes | None]
    seen: list[bytes] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._request(reader):
            self.seen.append(head)
            answer = self.script.pop(0) if self.script else None
            if answer is None:
                break
            writer.write(answer)
            await writer.drain()
            if b"Connection: close" in answer:
                break
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        lines = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
        return head + await reader.readexactly(int(lines.get(b"content-length", 0)))


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider([])
    server = await asyncio.start_server(found.talk, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def client(provider: Provider, **options: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{provider.port}/api",
        headers={"User-Agent": "oppulence/0.1", "Accept": "application/json"},
        timeout=httpx.Timeout(60.0, read=options.get("seconds", 60.0)),
        trust_env=False,
        transport=Transport(trusted(), sockets=4),
    )


async def test_a_request_arrives_as_httpx_wrote_it_and_bytes_come_back_as_they_were(
    provider: Provider,
) -> None:
    body = gzip.compress(b'{"amount": 72.10 }')
    head = b"HTTP/1.1 201 Made\r\nContent-Encoding: gzip\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: s=1\r\n"
    provider.script = [head + b"Content-Length: %d\r\n\r\n" % len(body) + body, FINE]
    async with client(provider) as http:
        first = await http.get("query", params={"query": "Name = 'A+B/é'", "limit": 2})
        await http.post("sync", json={"cursor": ""}, headers={"Authorization": "Bearer t"})
    assert (first.status_code, first.reason_phrase) == (201, "Made")
    assert first.content == b'{"amount": 72.10 }'
    assert first.headers.get_list("x-a") == ["1", "2"]
    assert first.elapsed.total_seconds() > 0
    get, post = provider.seen
    host = b"Host: 127.0.0.1:%d" % provider.port
    assert get.split(b"\r\n")[0] == (
        b"GET /api/query?query=Name+%3D+%27A%2BB%2F%C3%A9%27&limit=2 HTTP/1.1"
    )
    assert {host, b"User-Agent: oppulence/0.1", b"Accept: application/json"} <= set(
        get.split(b"\r\n")
    )
    assert get.lower().count(b"user-agent:") == get.lower().count(b"accept:") == 1
    post_lines = post.split(b"\r\n")
    assert post_lines[-1] == b'{"cursor":""}'
    assert {b"Content-Length: 13", b"Content-Type: application/json"} <= set(post_lines)
    assert b"Authorization: Bearer t" in post_lines
    # A cookie is httpx' to keep, or not: the transport keeps none beside it.
    assert post.lower().count(b"cookie: s=1") == 1


async def test_a_redirect_is_an_answer(provider: Provider) -> None:
    provider.script = [
        b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"
    ]
    async with client(provider) as http:
        assert (await http.get("x")).status_code == 302
    assert len(provider.seen) == 1


async def test_what_was_broken_off_may_have_arrived_and_is_not_sent_again(
    provider: Provider,
) -> None:
    """On a socket that served before, aiohttp would send a GET a second time by itself."""
    provider.script = [FINE, None, FINE]
    async with client(provider) as http:
        await http.get("first")
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("second")
    assert len(provider.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 Fine\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{}",
        b"<html>Connection: close</html>\r\n\r\n",
        b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nab",
    ],
    ids=["a body cut short", "no HTTP", "a chunk cut short"],
)
async def test_half_an_answer_is_none(provider: Provider, answer: bytes) -> None:
    provider.script = [answer]
    async with client(provider) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("x")


async def test_a_provider_that_says_nothing_is_left_in_time(provider: Provider) -> None:
    provider.script = [b""]
    async with client(provider, seconds=0.05) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get("x")


async def test_where_nobody_listens_nothing_arrived(provider: Provider) -> None:
    with socket.socket() as bound:  # and nobody else can, meanwhile
        bound.bind(("127.0.0.1", 0))
        async with client(provider) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"http://127.0.0.1:{bound.getsockname()[1]}/x")
