"""How is one enrollment asked? With its token as Basic user, under our client certificate."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from core.connections import Connection
from core.settings import Settings
from linking.certificates import client_tls
from pipelines.http_client import Patience, ProviderClient
from pipelines.teller.errors import refusal

API_VERSION = "2020-10-12"
# Teller publishes no limits; each request goes through to a bank, so few at a time.
PATIENCE = Patience(requests_per_second=8, concurrency=2, timeout_seconds=90)


@asynccontextmanager
async def teller_enrollment(
    settings: Settings, connection: Connection, patience: Patience = PATIENCE
) -> AsyncIterator[ProviderClient]:
    """Open the client of a connection's enrollment.

    Raises:
        NotConfiguredError: The certificate's files cannot be used.
    """
    token = connection.credentials.get("access_token", "")
    basic = base64.b64encode(f"{token}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Teller-Version": API_VERSION}

    async def authorization(renew: bool) -> Mapping[str, str]:
        return headers

    tls = client_tls(
        settings.teller_certificate_file,
        settings.teller_private_key_file,
        url=connection.api_url,
    )
    async with ProviderClient(
        connection.api_url, authorization, refusal, patience, tls=tls
    ) as client:
        yield client
