"""Where does a provider send what changes? To the connection's own address; some are told which.

Plaid takes an address for each Item, by its API, so it is registered when a connection is made and
again when it is renewed. Stripe, Teller, QuickBooks and Xero take one for a whole application, in
their dashboards (docs/sync_engine.md); banks of the European providers send nothing.

An address that could not be told is no reason to have no connection: what changes is polled all
the same. It is noted, and a reconnect tells it again.
"""

from collections.abc import Mapping
from typing import Protocol, cast
from urllib.parse import urlsplit

from core.errors import OppulenceError
from core.logs import get_logger
from core.settings import Settings
from linking.flow import Linked
from linking.registry import flow_of

# Providers that take an address for each connection.
TOLD = frozenset({"plaid"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LOG = get_logger("linking")


class Registrar(Protocol):
    """A flow whose provider is told addresses."""

    def register_webhook(
        self, settings: Settings, credentials: Mapping[str, str], api_url: str, address: str
    ) -> None:
        """Have the provider send what changes in this account to an address.

        Raises:
            OppulenceError: The provider refuses or does not answer.
        """


def address_of(settings: Settings, provider: str, connection_id: str, api_url: str) -> str:
    """Return the address to tell; nothing for a provider that is not told, or could not reach it.

    Args:
        settings: They name the public address of the API.
        provider: Whose webhooks.
        connection_id: Of which connection.
        api_url: Where the provider is asked: one on this machine, the sandbox, reaches it too.
    """
    is_here = urlsplit(api_url).hostname in _LOOPBACK
    if provider not in TOLD or not (is_here or settings.public_address.startswith("https://")):
        return ""
    return f"{settings.public_address}/v1/webhooks/{provider}/{connection_id}"


def register(settings: Settings, provider: str, connection_id: str, linked: Linked) -> bool:
    """Tell the provider the address of a connection that is kept; return whether it took it."""
    address = address_of(settings, provider, connection_id, linked.api_url)
    if not address:
        return False
    registrar = cast(Registrar, flow_of(provider))
    try:
        registrar.register_webhook(settings, linked.credentials, linked.api_url, address)
    except OppulenceError as error:
        _LOG.warning(
            "webhook_not_registered",
            provider=provider,
            connection_id=connection_id,
            reason=error.detail,
        )
        return False
    return True
