"""How is Stripe's API read? One asynchronous client per connection, GET only.

Every request waits for the account's rate limiter, is held below a ceiling (`ceiling_of`) when some
stand still on the way, and is repeated after 429, 5xx, 409, timeouts,
cut connections and bodies that do not parse, with the patience of `pipelines.http_client`; the rate
adapts, Stripe itself says what is worth repeating, and versions are of its clock. The key is sent
as Basic user, lives in the HTTP client alone, and is in no log line or error: errors carry Stripe's
words, which mask it.
"""

import asyncio
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import TypeVar

import httpx
import msgspec

from core.authorities import trusted
from core.clock import epoch_microseconds, utc_now
from pipelines.ceiling import Ceiling
from pipelines.http_client import LOOPBACK, Patience, retry_after
from pipelines.stripe.errors import StripeUnavailableError, StripeUnreachableError, refusal
from pipelines.stripe.rate import RateLimiter
from pipelines.transport import Transport

# The shape that lists and refetches are rendered in. Events keep the shape of their own version.
API_VERSION = "2025-03-31.basil"
PAGE_SIZE = 100
# Stripe asks for pauses of seconds; a longer one would only hide that it does not answer.
PATIENCE = Patience(attempts=8, longest_pause_seconds=30.0, longest_wait_seconds=60.0)
_SECOND = 1_000_000

Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response's body, and the moment up to which it knows every change.

    `held_at` is in microseconds by Stripe's own clock (its Date header), so that our clock's error
    cannot let a stale list outrank a newer event. Event times are whole seconds: an event of the
    very second in which the list was read may or may not be in it, so the list must lose to it,
    and `held_at` is the last microsecond before that second.
    """

    body: bytes
    held_at: int


class StripeClient:
    """Reads one Stripe account. Use as an asynchronous context manager."""

    def __init__(
        self,
        api_url: str,
        api_key: str,
        *,
        requests_per_second: float,
        patience: Patience | None = None,
        concurrency: int = 16,
    ) -> None:
        self.limiter = RateLimiter(requests_per_second)
        digest = hashlib.sha256(api_key.encode()).digest()
        self.ceiling = ceiling_of(api_url, digest, requests_per_second)
        self.patience = patience or PATIENCE
        self.requests = 0
        self._was_answered = False
        self._slots = asyncio.Semaphore(concurrency)
        self._http = httpx.AsyncClient(
            base_url=api_url,
            auth=httpx.BasicAuth(api_key, ""),
            headers={"Stripe-Version": API_VERSION, "User-Agent": "oppulence/0.1"},
            timeout=httpx.Timeout(self.patience.timeout_seconds, connect=10),
            follow_redirects=False,
            trust_env=False,
            transport=Transport(trusted(), sockets=concurrency),
        )

    async def __aenter__(self) -> "StripeClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(
        self, path: str, query: Mapping[str, str | int], decode: Callable[[bytes], Decoded]
    ) -> tuple[Decoded, Answer]:
        """Return the decoded answer to a GET, and the answer itself.

        Raises:
            KeyRejectedError: The key is not valid.
            NotPermittedError: This key or account may not read this path.
            StripeUnavailableError: Every attempt failed (`StripeUnreachableError`: and nothing was
                ever answered to this client; on this machine itself, one refusal says so).
            ProviderError: Stripe refused the request for another reason.
        """
        trouble = ""
        for attempt in range(self.patience.attempts):
            if attempt:
                await asyncio.sleep(self.patience.pause(attempt))
            try:
                async with self._slots:
                    await self.limiter.turn()
                    async with self.ceiling.request():
                        self.requests += 1
                        asked_at = utc_now()
                        response = await self._http.get(path, params=query)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__} at {path}"
                if isinstance(error, httpx.ConnectError) and self._is_simulator_missing():
                    raise self._unreachable(
                        "start the simulator (`oppulence up` runs it) and try again"
                    ) from None
                continue
            self._was_answered = True
            if response.status_code == 200:
                try:
                    decoded = decode(response.content)
                except msgspec.DecodeError:
                    trouble = f"an answer that is not whole JSON at {path}"
                    continue
                self.limiter.succeeded()
                return decoded, Answer(response.content, _held_at(response, asked_at.timestamp()))
            trouble = f"{response.status_code} at {path}"
            if response.status_code == 429:
                self.limiter.limited(min(retry_after(response), self.patience.longest_wait_seconds))
            elif not _worth_repeating(response):
                raise refusal(response.status_code, response.content)
        if not self._was_answered:
            raise self._unreachable(f"{self.patience.attempts} attempts, the last {trouble}")
        raise StripeUnavailableError(
            f"{self.patience.attempts} attempts failed, the last with {trouble}.",
            next_step="The next run continues where this one stopped.",
        )

    def _is_simulator_missing(self) -> bool:
        """Say whether this machine itself refuses, and has from the start: no wait changes that."""
        return self._http.base_url.host in LOOPBACK and not self._was_answered

    def _unreachable(self, more: str) -> StripeUnreachableError:
        address = str(self._http.base_url).rstrip("/")
        return StripeUnreachableError(
            f"Nothing answers at {address}: {more}.", next_step="The next run tries again."
        )


@lru_cache(maxsize=4096)
def ceiling_of(api_url: str, key_digest: bytes, requests_per_second: float) -> Ceiling:
    """Return this process's ceiling of an account: a quarter above its rate in any second.

    At the default of 20 that is what Stripe allows in test mode, 25; at 80 what it allows live.
    """
    return Ceiling((max(1, int(requests_per_second * 1.25)), 1.0))


def _worth_repeating(response: httpx.Response) -> bool:
    verdict = response.headers.get("stripe-should-retry", "")
    if verdict in ("true", "false"):
        return bool(verdict == "true")
    return response.status_code == 409 or response.status_code >= 500


def _held_at(response: httpx.Response, asked_at: float) -> int:
    """Return the moment before the second in which Stripe may have read the state."""
    try:
        answered_at = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return math.floor(asked_at) * _SECOND - 1
    second = epoch_microseconds(answered_at) // _SECOND
    return (second - math.ceil(response.elapsed.total_seconds())) * _SECOND - 1
