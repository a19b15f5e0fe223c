"""Is a bank asked as it wants to be? By a real server on loopback that misbehaves by script."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from core.clock import epoch_microseconds, utc_now
from core.errors import ProviderError
from pipelines.failures import (
    ConsentNeededError,
    LimitReachedError,
    NotOfferedError,
    ProviderUnavailableError,
)
from pipelines.http_client import Answer, Patience, ProviderClient

QUICK = Patience(requests_per_second=1000, attempts=3, first_pause_seconds=0.001)
Reply = tuple[int, Mapping[str, str], bytes]


class Scripted(ThreadingHTTPServer):
    """Answers with the next reply of a script; the last one is repeated."""

    daemon_threads = True
    replies: list[Reply]
    seen: list[tuple[str, str, str]]

    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/bank"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ClassVar[Scripted]  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        script = self.server.replies
        status, headers, body = script.pop(0) if len(script) > 1 else script[0]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bank() -> Iterator[Callable[..., Scripted]]:
    started: list[Scripted] = []

    def start(*replies: Reply) -> Scripted:
        server = Scripted(("127.0.0.1", 0), Handler)
        server.replies, server.seen = list(replies), []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def refusal(response: httpx.Response) -> ProviderError | None:
    if response.status_code == 401:
        return ConsentNeededError("The consent ended.")
    if response.status_code == 403:
        return NotOfferedError("Not on this plan.")
    return None


async def ask(url: str, patience: Patience = QUICK) -> Answer:
    tokens = iter(range(1, 100))
    token = {"now": f"t{next(tokens)}"}

    async def authorization(renew: bool) -> Mapping[str, str]:
        if renew:
            token["now"] = f"t{next(tokens)}"
        return {"Authorization": token["now"]}

    async with ProviderClient(url, authorization, refusal, patience) as client:
        return await client.get("/accounts", {"limit": 2})


async def test_an_answer_keeps_its_bytes_and_is_as_old_as_its_question(bank) -> None:
    server = bank((200, {"X-Left": "3"}, b'{"amount": 72.10 }'))
    before = epoch_microseconds(utc_now())
    answer = await ask(server.url())
    assert answer.body == b'{"amount": 72.10 }'
    assert answer.headers["x-left"] == "3"
    assert before <= answer.asked_at <= epoch_microseconds(utc_now())
    assert server.seen == [("GET", "/bank/accounts?limit=2", "t1")]


async def test_a_stumbling_bank_is_asked_again(bank) -> None:
    server = bank((502, {}, b""), (429, {"Retry-After": "0"}, b""), (200, {}, b"{}"))
    assert (await ask(server.url())).body == b"{}"
    assert len(server.seen) == 3


async def test_a_token_that_is_not_taken_is_renewed_once(bank) -> None:
    server = bank((401, {}, b""), (200, {}, b"{}"))
    assert (await ask(server.url())).body == b"{}"
    assert [token for _, _, token in server.seen] == ["t1", "t2"]


async def test_a_renewed_token_that_is_not_taken_means_consent(bank) -> None:
    server = bank((401, {}, b""))
    with pytest.raises(ConsentNeededError, match="The consent ended"):
        await ask(server.url())
    assert [token for _, _, token in server.seen] == ["t1", "t2"]


async def test_what_is_refused_for_good_is_asked_once(bank) -> None:
    server = bank((403, {}, b""))
    with pytest.raises(NotOfferedError):
        await ask(server.url())
    assert len(server.seen) == 1


async def test_a_limit_beyond_a_run_says_when_to_come_back(bank) -> None:
    server = bank((429, {"Retry-After": "86400"}, b""))
    before = utc_now()
    with pytest.raises(LimitReachedError) as caught:
        await ask(server.url())
    again_at = caught.value.again_at
    assert again_at is not None
    assert 86_400 <= (again_at - before).total_seconds() <= 86_460
    assert f"{again_at:%Y-%m-%d %H:%M} UTC" in caught.value.detail
    assert len(server.seen) == 1


async def test_every_attempt_failed_is_said_with_the_last_reason(bank) -> None:
    server = bank((500, {}, b""))
    with pytest.raises(ProviderUnavailableError, match=r"^3 attempts failed, the last with 500 at"):
        await ask(server.url())
    assert len(server.seen) == 3


async def test_nothing_listening_on_this_machine_is_not_waited_for() -> None:
    with pytest.raises(ProviderUnavailableError, match=r"^1 attempts? failed"):
        await ask("http://127.0.0.1:1")
