"""How is a connection's account reached? One client each, kept while its credentials last."""

import threading
from dataclasses import dataclass, field

from core.connections import ConnectionStore
from core.errors import ConflictError
from core.tenancy import TenantId
from recovery.stripe.client import StripeClient


class NotConnectedError(ConflictError):
    """The connection was revoked, or is none of Stripe's."""

    code = "not_connected"
    title = "The account is not connected"


@dataclass(slots=True)
class Accounts:
    """Clients by connection; threads may share it."""

    connections: ConnectionStore
    _clients: dict[tuple[str, str], tuple[object, StripeClient]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, workspace_id: str, connection_id: str) -> StripeClient:
        """Return the account's client.

        Raises:
            NotConnectedError: It cannot be asked any more.
            NotFoundError: There is no such connection.
        """
        connection = self.connections.get(TenantId(workspace_id), connection_id)
        if connection.provider != "stripe" or connection.status == "revoked":
            raise NotConnectedError(f"The connection {connection_id} cannot be asked.")
        access = (connection.api_url, connection.sealed)
        with self._lock:
            kept = self._clients.get((workspace_id, connection_id))
            if kept is None or kept[0] != access:
                # One that a thread still uses is left to it: it closes with the last reference.
                opened = StripeClient(connection.api_url, connection.credentials.get("api_key", ""))
                self._clients[workspace_id, connection_id] = kept = (access, opened)
            return kept[1]

    def close(self) -> None:
        """Close every client."""
        with self._lock:
            for _, client in self._clients.values():
                client.close()
            self._clients.clear()
