"""How is a bank or accounting provider asked? One asynchronous client per connection.

Every request waits its turn, carries headers that are made for it (tokens expire in mid-run), and
is repeated after 429, 5xx, timeouts and cut connections. What the provider refuses for good becomes
the typed error that the provider's own `Refusal` makes of it. Tokens live in headers alone: errors
and logs carry the path and the provider's words.
"""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

import httpx

from core.authorities import trusted
from core.clock import epoch_microseconds, utc_now
from core.errors import ProviderError
from pipelines.ceiling import Ceiling
from pipelines.failures import ConsentNeededError, LimitReachedError, ProviderUnavailableError
from pipelines.transport import Transport

# Headers of one request; True asks for a new token, because the last one was not taken.
Authorization = Callable[[bool], Awaitable[Mapping[str, str]]]
# The error that an answer means for good, or None when asking again may help.
Refusal = Callable[[httpx.Response], ProviderError | None]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Patience:
    """How hard a provider is asked and how long a request is tried.

    Attributes:
        longest_wait_seconds: A `Retry-After` beyond this ends the request (`LimitReachedError`).
    """

    requests_per_second: float = 10.0
    concurrency: int = 4
    attempts: int = 6
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 20.0
    longest_wait_seconds: float = 65.0
    timeout_seconds: float = 60.0

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt; 1 is the second one."""
        longest: float = self.first_pause_seconds * 2 ** (attempt - 1)
        jitter: float = random.uniform(0.5, 1)  # noqa: S311
        return min(longest, self.longest_pause_seconds) * jitter


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that was taken.

    Attributes:
        body: Its bytes, untouched.
        headers: Its headers.
        asked_at: Microseconds since the epoch, by our clock, before it was asked: it knows every
            change up to here, and is the version of the rows that it holds.
    """

    body: bytes
    headers: httpx.Headers
    asked_at: int


class ProviderClient:
    """Asks one provider for one connection. Use as an asynchronous context manager."""

    def __init__(
        self,
        api_url: str,
        authorization: Authorization,
        refusal: Refusal,
        patience: Patience,
        *,
        tls: ssl.SSLContext | None = None,
        ceiling: Ceiling | None = None,
    ) -> None:
        self.patience = patience
        self.requests = 0
        self._authorization = authorization
        self._refusal = refusal
        self._ceiling = ceiling or Ceiling()
        self._next_at = 0.0
        self._slots = asyncio.Semaphore(patience.concurrency)
        self._http = httpx.AsyncClient(
            base_url=api_url.rstrip("/") + "/",
            headers={"User-Agent": "oppulence/0.1", "Accept": "application/json"},
            timeout=httpx.Timeout(patience.timeout_seconds, connect=10),
            follow_redirects=False,
            trust_env=False,
            transport=Transport(
                tls if tls is not None else trusted(), sockets=patience.concurrency
            ),
        )

    async def __aenter__(self) -> "ProviderClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
        """Return the answer to a GET of `path`, relative to the provider's URL."""
        return await self.ask("GET", path, query=query)

    async def post(self, path: str, body: Any) -> Answer:
        """Return the answer to a POST of JSON. Only for reads: it is repeated after a failure."""
        return await self.ask("POST", path, body=body)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the first good answer.

        Raises:
            ConsentNeededError: The token is not taken, a renewed one included.
            LimitReachedError: The provider asks for a pause that is longer than a run waits.
            ProviderUnavailableError: Every attempt failed.
            ProviderError: What the provider's own `Refusal` makes of its answer.
        """
        trouble, renew, renewed, may_count = "", False, False, False
        for attempt in range(self.patience.attempts):
            if attempt and not renew:
                await asyncio.sleep(self.patience.pause(attempt))
            try:
                async with self._slots:
                    tokens = await self._authorization(renew)
                    renewed, renew = renewed or renew, False
                    async with self._turn():
                        self.requests += 1
                        asked_at = epoch_microseconds(utc_now())
                        response = await self._http.request(
                            method,
                            path.lstrip("/"),
                            params=query,
                            json=body,
                            headers={**tokens, **(headers or {})},
                        )
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__} at {path}"
                may_count = may_count or not isinstance(error, _NEVER_ARRIVED)
                if isinstance(error, httpx.ConnectError) and self._http.base_url.host in LOOPBACK:
                    break  # nothing listens on this machine: waiting starts nothing
                continue
            if response.is_success:
                return Answer(response.content, response.headers, asked_at)
            trouble = f"{response.status_code} at {path}"
            problem = self._refusal(response)
            if isinstance(problem, ConsentNeededError) and not renewed:
                renew = True
            elif problem is not None:
                raise problem
            elif response.status_code == 429:
                self._hold_back(response)
        raise ProviderUnavailableError(
            f"{attempt + 1} attempts failed, the last with {trouble}.",
            next_step="The next run continues where this one stopped.",
            may_count=may_count,
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until one more request may leave: the last thing before it does.

        Whoever wakes looks again, so that a pause which an answer asked for meanwhile holds those
        who waited already, and those who wake late together do not leave together.
        """
        loop = asyncio.get_running_loop()
        while (wait := self._next_at - loop.time()) > 0:
            await asyncio.sleep(wait)
        self._next_at = loop.time() + 1 / self.patience.requests_per_second
        async with self._ceiling.request():
            yield

    def _hold_back(self, response: httpx.Response) -> None:
        """Hold every request back for as long as the provider asks.

        Raises:
            LimitReachedError: That is longer than a run waits.
        """
        seconds = retry_after(response)
        if seconds > self.patience.longest_wait_seconds:
            raise LimitReachedError(
                f"The provider allows no call for {seconds:.0f} s.",
                again_at=utc_now() + timedelta(seconds=seconds),
            )
        now = asyncio.get_running_loop().time()
        self._next_at = max(self._next_at, now + seconds)


def retry_after(response: httpx.Response) -> float:
    """Return the seconds that `Retry-After` asks for, in either of its forms; 0 without one."""
    text = response.headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        seconds: float = (parsedate_to_datetime(text) - utc_now()).total_seconds()
        return max(0.0, seconds)
    except ValueError:
        return 0.0
