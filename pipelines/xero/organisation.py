"""How is one Xero organisation asked? A page at a time, within its limits, as its tenant."""

from collections.abc import Mapping

import httpx
import msgspec

from core.connections import Connection
from core.errors import ProviderError
from pipelines.failures import ConsentNeededError, LimitReachedError, NotOfferedError
from pipelines.http_client import Patience, ProviderClient
from pipelines.tokens import TokenKeeper
from pipelines.xero.limits import AT_ONCE, Allowance
from pipelines.xero.objects import Listing
from pipelines.xero.pages import Page, UnreadableAnswerError, page_of

PAGE_SIZE = 500
# The minute and the day are planned in `limits.py`; here only what may be under way at once.
PATIENCE = Patience(requests_per_second=1000.0, concurrency=AT_ONCE)
_READS = 3


class UnchangedError(ProviderError):
    """304: nothing has changed since the moment that was asked about."""

    code = "provider_unchanged"


class Organisation:
    """Asks one organisation (tenant). Use as an asynchronous context manager."""

    def __init__(self, connection: Connection, keeper: TokenKeeper, allowance: Allowance) -> None:
        self.allowance = allowance
        self._keeper = keeper
        self._tenant = connection.provider_account_id
        self._client = ProviderClient(connection.api_url, self._headers, self._refusal, PATIENCE)

    async def __aenter__(self) -> "Organisation":
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._client.__aexit__(None, None, None)
        self.allowance.remember()

    async def page(
        self, listing: Listing, query: Mapping[str, str | int], modified_since: str = ""
    ) -> Page:
        """Return one page of a list.

        Raises:
            ProviderError: The organisation refuses or does not answer.
        """
        headers = {"If-Modified-Since": modified_since} if modified_since else {}
        for reads_left in reversed(range(_READS)):
            try:
                answer = await self._client.ask(
                    "GET", f"api.xro/2.0/{listing.path}",
                    query={**listing.query, **query}, headers=headers,
                )  # fmt: skip
                self.allowance.learn(answer.headers)
                return page_of(answer.body, listing, answer.asked_at)
            except UnchangedError:
                return Page([], is_last=True)
            except UnreadableAnswerError:
                if not reads_left:
                    raise
        raise AssertionError

    async def _headers(self, renew: bool) -> Mapping[str, str]:
        tokens = await self._keeper(renew)
        await self.allowance.spend()
        return {**tokens, "xero-tenant-id": self._tenant}

    def _refusal(self, response: httpx.Response) -> ProviderError | None:
        self.allowance.learn(response.headers)
        return refusal(response)


def refusal(response: httpx.Response) -> ProviderError | None:
    """Return the error that an answer means for good, or None when asking again may help."""
    status = response.status_code
    if status == 304:
        return UnchangedError("Nothing has changed.")
    if status >= 500:
        return None
    code, text = _words(response)
    if status == 429:
        if response.headers.get("x-rate-limit-problem", "").lower() == "day":
            return LimitReachedError("Xero's limit for a day is reached.", provider_code="day")
        return None
    if status == 401 and "AuthorizationUnsuccessful" in text:
        return NotOfferedError("The consent does not hold this list.", provider_code=code)
    if status == 401:
        return ConsentNeededError(text, next_step="Connect again.", provider_code=code)
    if status == 403 and "AuthenticationUnsuccessful" in text:
        return ConsentNeededError(
            "The organisation is not connected any more.", next_step="Connect again."
        )
    if status in (403, 404):
        return NotOfferedError(text, provider_code=code)
    return ProviderError(text, provider_code=code)


def _words(response: httpx.Response) -> tuple[str, str]:
    """Return Xero's code and words, of the API's envelope or of the gateway's."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        return "", f"Xero answered {response.status_code}."
    named = {name.lower(): value for name, value in body.items()}
    words = [str(named[name]) for name in ("title", "message", "detail") if named.get(name)]
    text = ": ".join(dict.fromkeys(words)) or f"Xero answered {response.status_code}."
    return str(named.get("errornumber") or named.get("type") or ""), text
