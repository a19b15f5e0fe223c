"""How is Enable Banking asked? With a token of our own making; a bank's refusal is final.

Reads of a bank are made once: an answer that was lost may have used one of the day's four.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import msgspec

from core.clock import utc_now
from core.connections import Connection
from core.errors import InvalidInputError, OppulenceError, ProviderError
from core.settings import Settings
from linking.enablebanking import ENDED
from linking.enablebanking_token import application_headers
from pipelines.failures import (
    ConsentNeededError,
    LimitReachedError,
    NotOfferedError,
    ProviderUnavailableError,
)
from pipelines.http_client import Answer, Patience, ProviderClient, retry_after

FREE = Patience(requests_per_second=50)
COUNTED = Patience(requests_per_second=50, attempts=1)
# The user has to act at the bank: to consent again, or to confirm something there.
_CONSENT = ENDED | {"ASPSP_PSU_ACTION_REQUIRED", "EXPIRED_AUTHORIZATION_CODE"}
_NOT_OFFERED = frozenset({
    "ACCESS_DENIED", "ASPSP_ACCOUNT_NOT_ACCESSIBLE", "ACCOUNT_DOES_NOT_EXIST",
    "WRONG_TRANSACTIONS_PERIOD",
})  # fmt: skip
_LIMITED = "ASPSP_RATE_LIMIT_EXCEEDED"


class WrongContinuationError(ProviderError):
    """The key of the next page is not taken any more: the list begins anew."""


class EnableBankingClient:
    """Reads one session. Use as an asynchronous context manager."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        url = connection.api_url or settings.enablebanking_api_url
        self._free = ProviderClient(url, self._authorization, free_refusal, FREE)
        self._counted = ProviderClient(url, self._authorization, counted_refusal, COUNTED)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "EnableBankingClient":
        await self._stack.enter_async_context(self._free)
        await self._stack.enter_async_context(self._counted)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def free(self, path: str) -> Answer:
        """Return the answer to a call that reaches no bank."""
        return await self._free.get(path)

    async def counted(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a reserved read of a bank.

        Raises:
            ConsentNeededError: The session has ended.
            LimitReachedError: The bank allows no more reads for now.
            NotOfferedError: The bank does not give this.
            WrongContinuationError: The list has to be read from its beginning.
            ProviderUnavailableError: There was no good answer.
        """
        return await self._counted.get(path, query)

    async def _authorization(self, renew: bool) -> Mapping[str, str]:
        try:
            return application_headers(self._settings, utc_now())
        except InvalidInputError as error:
            raise ProviderError(error.detail, next_step=error.next_step) from None
        except (
            OppulenceError
        ) as error:  # the key's file: one connection's run says it, all share it
            raise ProviderError(error.detail, next_step=error.next_step) from None


def free_refusal(response: httpx.Response) -> ProviderError | None:
    """Return the error of a refused free call, or None where asking again may help."""
    if response.status_code in (408, 429) or response.status_code >= 500:
        return None
    return counted_refusal(response)


def counted_refusal(response: httpx.Response) -> ProviderError:
    """Return the error of a refused read, in Enable Banking's words.

    Raises:
        ConsentNeededError: The session has ended; no new token helps.
    """
    status = response.status_code
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = {}
    body = body if isinstance(body, dict) else {}
    code = str(body.get("error") or "")
    text = str(body.get("message") or f"Enable Banking answered {status}.")
    if isinstance(body.get("detail"), str) and body["detail"]:
        text = f"{text}: {body['detail']}"
    if code in _CONSENT:
        raise ConsentNeededError(text, next_step="Connect the bank again.", provider_code=code)
    if code == _LIMITED or status == 429:
        seconds = retry_after(response)
        again = utc_now() + timedelta(seconds=seconds) if seconds else None
        return LimitReachedError(text, again_at=again, provider_code=code)
    if code == "WRONG_CONTINUATION_KEY":
        return WrongContinuationError(text, provider_code=code)
    if code in _NOT_OFFERED or status in (403, 404):
        return NotOfferedError(text, provider_code=code)
    # A timeout (408) is of the bank, which may have counted the read.
    return ProviderUnavailableError(
        text, provider_code=code or str(status), may_count=status == 408
    )
