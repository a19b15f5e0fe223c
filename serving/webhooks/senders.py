"""Who may have signed this delivery? A connection's secrets, remembered for moments.

Remembered so that a stream of webhooks asks Postgres every few seconds instead of every time, and
so shortly that a secret taken back ends within `REMEMBERED_SECONDS`. A signature that fits none of
the remembered secrets has them read again: a new secret works at once.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool

from core.webhook_secrets import Sender, WebhookSecrets

REMEMBERED_SECONDS = 3.0
# Within this, what is remembered counts as read now: wrong signatures must not become queries.
FRESH_SECONDS = 0.5
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Senders:
    """Finds connections by the id that an address names; used on one event loop."""

    store: WebhookSecrets
    _remembered: OrderedDict[tuple[str, str], tuple[float, list[Sender]]] = field(
        default_factory=OrderedDict
    )

    async def named(
        self, provider: str, connection_id: str, *, within: float = REMEMBERED_SECONDS
    ) -> Sequence[Sender]:
        """Return the connections of this id, as they were at most `within` seconds ago."""
        name = (provider, connection_id)
        read_at, found = self._remembered.get(name, (float("-inf"), []))
        now = time.monotonic()
        if now - read_at <= within:
            return found
        found = await run_in_threadpool(self.store.named, provider, connection_id)
        self._remembered.pop(name, None)
        if found:  # guesses must not fill the memory
            self._remembered[name] = (now, found)
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return found
