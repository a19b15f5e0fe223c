"""How is one Item asked? By POST with its access token, at the pace that Plaid publishes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec

from core.clock import utc_now
from core.connections import Connection
from core.errors import ConfigurationError
from core.settings import Settings
from linking.certificates import client_tls
from pipelines.failures import ProviderUnavailableError
from pipelines.http_client import Answer, Patience, ProviderClient
from pipelines.plaid.errors import refusal
from pipelines.plaid.pace import Pace
from pipelines.provider_clock import day_at

API_VERSION = "2020-09-14"
# Limits are per minute and come without a Retry-After: nine attempts wait for more than one.
PATIENCE = Patience(requests_per_second=50, attempts=9, timeout_seconds=90)

Page = TypeVar("Page")


class PlaidItem:
    """Asks about one Item, one request at a time; `today` is the day of its last answer."""

    def __init__(self, http: ProviderClient, access_token: str) -> None:
        self.path = ""
        self.today = utc_now().date()
        self._http = http
        self._access_token = access_token

    async def ask(
        self, path: str, decoder: msgspec.json.Decoder[Page], **body: Any
    ) -> tuple[Page, Answer]:
        """Return the decoded answer of an endpoint, and the answer itself.

        Raises:
            ProviderUnavailableError: Every attempt failed, or the answer is not what it should be.
            ProviderError: What `pipelines.plaid.errors` makes of a refusal.
        """
        self.path = path
        answer = await self._http.post(path, {"access_token": self._access_token, **body})
        self.today = day_at(answer)
        try:
            return decoder.decode(answer.body), answer
        except msgspec.DecodeError as error:
            raise ProviderUnavailableError(
                f"Plaid's answer at {path} is unreadable: {error}"
            ) from None


def application_headers(settings: Settings) -> dict[str, str]:
    """Return what names our application to Plaid.

    Raises:
        ConfigurationError: None is configured.
    """
    if not settings.plaid_client_id or settings.plaid_secret is None:
        raise ConfigurationError(
            "There is no Plaid application.",
            next_step="Set OPPULENCE_PLAID_CLIENT_ID and OPPULENCE_PLAID_SECRET.",
        )
    return {
        "PLAID-CLIENT-ID": settings.plaid_client_id,
        "PLAID-SECRET": settings.plaid_secret.get_secret_value(),
        "Plaid-Version": API_VERSION,
    }


@asynccontextmanager
async def plaid_item(
    settings: Settings, connection: Connection, pace: Pace, patience: Patience = PATIENCE
) -> AsyncIterator[PlaidItem]:
    """Open the client of a connection's Item."""
    headers = application_headers(settings)

    async def authorization(renew: bool) -> Mapping[str, str]:
        # Called before every attempt, repetitions included: all of them count against the limits.
        await pace.turn(item.path, connection.key)
        return headers

    tls = client_tls(None, None, url=connection.api_url)
    async with ProviderClient(
        connection.api_url, authorization, refusal, patience, tls=tls
    ) as http:
        item = PlaidItem(http, connection.credentials.get("access_token", ""))
        yield item
