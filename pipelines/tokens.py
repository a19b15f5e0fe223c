"""Which access token goes with the next request, when tokens end in mid-run and refreshes roll?

A token that ends soon, or that the provider no longer takes, is renewed through the connection's
store, which lets one worker at a time ask and stores the answer before anybody uses it. The
database is opened for a renewal alone: one an hour and connection, of runs over hundreds of them.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database
from core.errors import InvalidInputError
from core.secrets import SecretBox
from core.settings import Settings
from pipelines.failures import ConsentNeededError

# Asks the provider for new credentials in the place of these, at this address.
Refresh = Callable[[Settings, Mapping[str, str], str], Mapping[str, str]]

_RENEWED_BEFORE_END = timedelta(minutes=2)
# Requests that left with the same old token are refused together: one renewal answers them all.
_SAME_REFUSAL_SECONDS = 5.0


class TokenKeeper:
    """Gives the authorization of each request of one connection."""

    def __init__(self, settings: Settings, connection: Connection, refresh: Refresh) -> None:
        self.connection = connection
        self._settings = settings
        self._refresh = refresh
        self._renewing = asyncio.Lock()
        self._renewed_at = float("-inf")

    async def __call__(self, renew: bool) -> Mapping[str, str]:
        """Return the headers of a request; `renew` says that the last token was not taken.

        Raises:
            ConsentNeededError: The grant has ended.
            ProviderError: The provider gives no new token.
        """
        async with self._renewing:
            is_answered = time.monotonic() - self._renewed_at < _SAME_REFUSAL_SECONDS
            if (renew and not is_answered) or self._ends_soon():
                self.connection = await asyncio.to_thread(self._renewed)
                self._renewed_at = time.monotonic()
        return {"Authorization": f"Bearer {self.connection.credentials.get('access_token', '')}"}

    def _ends_soon(self) -> bool:
        ends_at = self.connection.credentials.get("expires_at", "")
        return not ends_at or datetime.fromisoformat(ends_at) - utc_now() < _RENEWED_BEFORE_END

    def _renewed(self) -> Connection:
        database = Database.connect(self._settings, size=1)
        try:
            box = SecretBox.from_keys(self._settings.required("encryption_keys"))
            return ConnectionStore(database, box).renew_credentials(
                self.connection,
                lambda held: self._refresh(self._settings, held, self.connection.api_url),
            )
        except InvalidInputError as error:  # credentials refused: the user has to come back
            raise ConsentNeededError(error.detail, next_step=error.next_step) from None
        finally:
            database.close()
