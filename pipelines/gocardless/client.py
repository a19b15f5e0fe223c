"""How is GoCardless asked? Free calls with patience, counted calls once.

A counted call whose answer is lost may have used one of the day's four, so only the calls that cost
nothing are repeated. All connections share the application's token and its calls per minute.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import msgspec

from core.clock import utc_now
from core.connections import Connection
from core.errors import InvalidInputError, ProviderError
from core.settings import Settings
from linking.gocardless import words
from linking.gocardless_token import application_token
from pipelines.budget import Purse
from pipelines.failures import (
    ConsentNeededError,
    LimitReachedError,
    NotOfferedError,
    ProviderUnavailableError,
)
from pipelines.http_client import Answer, Patience, ProviderClient
from pipelines.pace import shared_pace

FREE = Patience(requests_per_second=50, longest_wait_seconds=65)
COUNTED = Patience(requests_per_second=50, attempts=1)
_AGAIN_IN = re.compile(r"try again in (\d+) seconds", re.IGNORECASE)


class TokenSpentError(ProviderError):
    """The application's token is not taken any more; a new one is."""


class GoCardlessClient:
    """Reads one connection. Use as an asynchronous context manager."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        url = connection.api_url or settings.gocardless_api_url
        try:
            self._token = application_token(settings, url)
        except InvalidInputError as error:
            raise ProviderError(error.detail, next_step=error.next_step) from None
        self._given = ""
        self._pace = shared_pace((url, self._token.secret_id), settings.gocardless_calls_per_minute)
        self._free = ProviderClient(f"{url}/api/v2", self._authorization, free_refusal, FREE)
        self._counted = ProviderClient(
            f"{url}/api/v2", self._authorization, counted_refusal, COUNTED
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "GoCardlessClient":
        await self._stack.enter_async_context(self._free)
        await self._stack.enter_async_context(self._counted)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def free(self, path: str) -> Answer:
        """Return the answer to a call that no daily allowance counts."""
        if path.startswith("accounts/"):
            await self._pace.turn()
        return await self._free.get(path)

    async def counted(
        self, path: str, purse: Purse, query: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a reserved call, and heed what GoCardless says is left.

        Raises:
            ConsentNeededError: The consent has ended.
            LimitReachedError: No call is left.
            NotOfferedError: The consent does not hold this scope.
            ProviderUnavailableError: There was no good answer.
        """
        await self._pace.turn()
        try:
            answer = await self._counted.get(path, query)
        except TokenSpentError:
            await self._authorization(True)  # noqa: FBT003  (a refusal is never counted)
            answer = await self._counted.get(path, query)
        now = answer.asked_at // 1_000_000
        limit, remaining, reset = (
            _number(answer.headers, f"account-success-{name}")
            for name in ("limit", "remaining", "reset")
        )
        purse.heed(now, limit, remaining, reset)
        return answer

    async def _authorization(self, renew: bool) -> Mapping[str, str]:
        spent = self._given if renew else ""
        try:
            self._given = await asyncio.to_thread(self._token.current, spent)
        except InvalidInputError as error:  # the secret is ours, not the user's: nobody reconsents
            raise ProviderError(error.detail, next_step=error.next_step) from None
        return {"Authorization": f"Bearer {self._given}"}


def _number(headers: httpx.Headers, name: str) -> int | None:
    """Return a rate limit header, in either of the spellings in which it travels."""
    for spelling in (f"http_x_ratelimit_{name.replace('-', '_')}", f"x-ratelimit-{name}"):
        text = headers.get(spelling, "").strip()
        if text.isdigit():
            return int(text)
    return None


def free_refusal(response: httpx.Response) -> ProviderError | None:
    """Return the error of a refused free call, or None where asking again may help."""
    if response.status_code == 429 and again_in(response) <= FREE.longest_wait_seconds:
        return None
    problem = counted_refusal(response)
    if isinstance(problem, ProviderUnavailableError):
        return None if response.status_code >= 500 else problem
    if isinstance(problem, TokenSpentError):
        return ConsentNeededError(problem.detail)  # the client renews the token once, then says so
    return problem


def counted_refusal(response: httpx.Response) -> ProviderError:
    """Return the error of a refused call, in GoCardless's words.

    Raises:
        ConsentNeededError: The consent has ended; no new token helps.
    """
    status = response.status_code
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = {}
    text = words(body) or f"GoCardless answered {status}."
    code = str(body.get("type") or status) if isinstance(body, dict) else str(status)
    if status == 401:
        if code == "401" and "EUA" not in text:
            return TokenSpentError(text, provider_code=code)
        raise ConsentNeededError(text, next_step="Connect the bank again.", provider_code=code)
    if status == 403:
        return NotOfferedError(text, provider_code=code)
    if status == 404:
        return ConsentNeededError(text, next_step="Connect the bank again.", provider_code=code)
    if status == 429:
        seconds = again_in(response)
        again = utc_now() + timedelta(seconds=seconds) if seconds else None
        return LimitReachedError(text, again_at=again, provider_code=code)
    return ProviderUnavailableError(text, provider_code=code, may_count=False)


def again_in(response: httpx.Response) -> int:
    """Return the seconds until a call is allowed again: by header, else by its words; else 0."""
    for name in ("account-success-reset", "reset"):
        if (seconds := _number(response.headers, name)) and (
            name == "reset" or _number(response.headers, "account-success-remaining") == 0
        ):
            return seconds
    found = _AGAIN_IN.search(response.text)
    return int(found.group(1)) if found else 0
