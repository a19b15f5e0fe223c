"""Must every request ask Postgres for its key? No: a found key is remembered for half a second.

Short enough that a revocation holds on every worker within a second, long enough that a busy
client costs two look-ups a second. Only found keys are remembered, so guesses cannot fill it and
a new key works at once. The memory holds hashes, not keys.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from core.clock import utc_now
from core.database import Database
from core.tenancy import TenantId
from serving.auth.key_store import ApiKey, find_key
from serving.auth.keys import hash_key

REMEMBERED_SECONDS = 0.5
REMEMBERED_KEYS = 10_000


@dataclass
class KeyCache:
    """Finds keys of a workspace, through a short memory."""

    database: Database
    secret: str
    _remembered: OrderedDict[tuple[str, bytes], tuple[float, ApiKey]] = field(
        default_factory=OrderedDict
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, tenant: TenantId, key: str) -> ApiKey | None:
        """Return the workspace's key, usable or not; None if it has no such key."""
        name = (str(tenant), hash_key(key, self.secret))
        now = time.monotonic()
        with self._lock:
            until, remembered = self._remembered.get(name, (0.0, None))
        if remembered is not None and now < until:
            return remembered
        found = find_key(self.database, tenant, key, secret=self.secret, now=utc_now())
        with self._lock:
            self._remembered.pop(name, None)
            if found is not None:
                self._remembered[name] = (now + REMEMBERED_SECONDS, found)
            while len(self._remembered) > REMEMBERED_KEYS:
                self._remembered.popitem(last=False)
        return found
