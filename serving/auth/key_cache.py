"""Must every request ask Postgres for its key? No: a found key is remembered.

For up to a minute while Postgres is known to tell of changes (`serving.auth.access_changes`),
else for half a second: a revocation holds on every worker within a second either way. Only found
keys are remembered, so guesses cannot fill it and a new key works at once. The memory holds hashes,
not keys.
"""

import random
import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from core.clock import utc_now
from core.database import Database
from core.tenancy import TenantId
from serving.auth.access_changes import AccessChanges
from serving.auth.key_store import ApiKey, find_key
from serving.auth.keys import hash_key

UNTOLD_SECONDS = 0.5  # while nobody tells of changes
# Between these, by chance: keys that were first used together are not all looked up together again.
TOLD_SECONDS = 30.0, 60.0  # `api_keys.last_used_at` is true to the minute
# Notices come four times a second; without one for this long, nobody tells.
INFORMED_SECONDS = 0.6
REMEMBERED_KEYS = 10_000

_Name = tuple[str, bytes]


@dataclass
class KeyCache:
    """Finds keys of a workspace, through a memory."""

    database: Database
    secret: str
    url: str | None = None
    changes: AccessChanges | None = field(init=False, default=None)
    # Of each key: when it was found, for how long that holds while changes are told, what it is.
    _remembered: OrderedDict[_Name, tuple[float, float, ApiKey]] = field(
        default_factory=OrderedDict
    )
    _changed: Counter[str | None] = field(default_factory=Counter)  # by workspace; None: all
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to listen for changes."""
        if self.url is not None:
            self.changes = AccessChanges(self.database, self.url, self.forget)
            self.changes.start()

    def close(self) -> None:
        """End listening."""
        if self.changes is not None:
            self.changes.close()

    def find(self, tenant: TenantId, key: str) -> ApiKey | None:
        """Return the workspace's key, usable or not; None if it has no such key."""
        name = (str(tenant), hash_key(key, self.secret))
        remembered = self.remembered(name)
        if remembered is not None:
            return remembered
        now = time.monotonic()
        changed = self._changes_of(name[0])
        found = find_key(self.database, tenant, key, secret=self.secret, now=utc_now())
        with self._lock:
            self._remembered.pop(name, None)
            # What changed while it was read may have been told before it could be forgotten.
            if found is not None and changed == self._changes_of(name[0]):
                lasts = random.uniform(*TOLD_SECONDS)  # noqa: S311 - no secret
                self._remembered[name] = now, lasts, found
            while len(self._remembered) > REMEMBERED_KEYS:
                self._remembered.popitem(last=False)
        return found

    def remembered(self, name: _Name) -> ApiKey | None:
        """Return what is remembered of a key, by workspace and hash, if that still holds."""
        since, lasts, key = self._remembered.get(name, (0.0, 0.0, None))
        if key is None:
            return None
        now = time.monotonic()
        is_told = self.changes is not None and now - self.changes.informed_at < INFORMED_SECONDS
        return key if now - since < (lasts if is_told else UNTOLD_SECONDS) else None

    def forget(self, workspace_id: str | None) -> None:
        """Forget every key of a workspace, or of all."""
        with self._lock:
            self._changed[workspace_id] += 1
            if workspace_id is None:
                self._remembered.clear()
            for name in [name for name in self._remembered if name[0] == workspace_id]:
                del self._remembered[name]

    def _changes_of(self, workspace_id: str) -> tuple[int, int]:
        return self._changed[workspace_id], self._changed[None]
