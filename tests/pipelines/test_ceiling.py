"""Is a published limit kept wherever the provider's span begins, and however late things are?"""

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ProviderError
from pipelines.ceiling import Ceiling
from pipelines.http_client import Patience, ProviderClient
from pipelines.quickbooks.company import PUBLISHED, ceiling_of
from pipelines.stripe.client import StripeClient

SPAN = 0.25  # a second of the provider's, shortened
MOST, STANDS_STILL = 10, 1.5 * SPAN


class Clock:
    """Moved by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def densest(moments: list[float], seconds: float) -> int:
    """Return the most moments in any span (t - seconds, t]."""
    return max(sum(1 for other in moments if at - seconds < other <= at) for at in moments)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 2),  # how long it takes from its leaving to its answer
            st.floats(0, 1),  # where in between the provider counts it
        ),
        min_size=20,
        max_size=60,
    ),
    st.integers(1, 12),
)
async def test_no_span_holds_more_whatever_the_delays(
    requests: list[tuple[float, float]], side_by_side: int
) -> None:
    clock = Clock()
    ceiling = Ceiling((5, 1.0), (12, 3.0), clock=clock)
    counted: list[float] = []
    under_way: list[tuple[float, asyncio.Event, asyncio.Task[None]]] = []

    async def one(ended: asyncio.Event) -> None:
        async with ceiling.request():
            await ended.wait()

    async def answered() -> None:
        at, ended, task = under_way.pop(0)
        clock.now = max(clock.now, at)
        ended.set()
        await task

    for takes, part in requests:
        while len(under_way) >= side_by_side:
            await answered()
        while (wait := ceiling.wait()) > 0:
            if under_way and under_way[0][0] <= clock.now + wait:
                await answered()
            else:
                clock.now += wait
        counted.append(clock.now + takes * part)
        ended = asyncio.Event()
        task = asyncio.create_task(one(ended))
        await asyncio.sleep(0)
        under_way.append((clock.now + takes, ended, task))
        under_way.sort(key=lambda found: found[0])
    while under_way:
        await answered()
    assert densest(counted, 1.0) <= 5
    assert densest(counted, 3.0) <= 12


class Counting(ThreadingHTTPServer):
    """Stands still once, with what had arrived by then; then answers at once."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.still_until = 0.0
        self.arrived: list[float] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ClassVar[Counting]  # type: ignore[misc]

    def do_GET(self) -> None:
        time.sleep(max(0.0, self.server.still_until - time.monotonic()))
        self.server.arrived.append(time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def company() -> Iterator[Counting]:
    server = Counting()
    yield server
    server.shutdown()
    server.server_close()


async def authorization(renew: bool) -> dict[str, str]:
    return {}


async def test_a_provider_that_stood_still_is_not_flooded_afterwards(company: Counting) -> None:
    """Turns that passed meanwhile were spent at once: 11 of 10 in a second, and a 429."""
    ceiling = Ceiling((MOST, SPAN))
    patience = Patience(requests_per_second=8 / SPAN, concurrency=4)
    url = f"http://127.0.0.1:{company.server_address[1]}"

    async def chunk(number: int) -> None:
        """Ask as one chunk of a run does: with a client of its own, under the one ceiling."""

        def refusal(response: object) -> ProviderError | None:
            return None

        async with ProviderClient(url, authorization, refusal, patience, ceiling=ceiling) as client:
            company.still_until = company.still_until or time.monotonic() + STANDS_STILL
            await asyncio.gather(*(client.get("/x") for _ in range(number)))

    await chunk(16)
    await chunk(8)
    assert len(company.arrived) == 24
    assert densest(company.arrived, SPAN) <= MOST


async def test_neither_is_stripe_by_one_client_after_the_other(company: Counting) -> None:
    """A quarter above the account's rate at most, in any second: 40 of 32, as 25 of 20."""
    url = f"http://127.0.0.1:{company.server_address[1]}"
    for number in (44, 16):
        async with StripeClient(url, "sk_test_1", requests_per_second=32) as client:
            company.still_until = company.still_until or time.monotonic() + 0.75
            await asyncio.gather(*(client.get("/x", {}, bytes) for _ in range(number)))
    assert len(company.arrived) == 60
    assert densest(company.arrived, 1.0) <= 40


def test_threads_with_loops_of_their_own_share_a_ceiling() -> None:
    ceiling = Ceiling((10, 0.2))
    counted: list[float] = []

    async def ask() -> None:
        for _ in range(10):
            async with ceiling.request():
                counted.append(time.monotonic())
                await asyncio.sleep(0)

    threads = [threading.Thread(target=lambda: asyncio.run(ask())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 40
    assert densest(counted, 0.2) <= 10


def test_a_company_has_one_ceiling_in_a_process() -> None:
    assert PUBLISHED == ((10, 1.0), (500, 60.0))
    assert ceiling_of("https://a", "1") is ceiling_of("https://a", "1")
    assert ceiling_of("https://a", "1") is not ceiling_of("https://a", "2")
