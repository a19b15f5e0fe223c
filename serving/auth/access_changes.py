"""Has anything changed of a workspace's keys? Postgres tells, and it is proven that it can.

A thread listens for the notices of migration 0018 and, four times a second, sends a notice of its
own over another connection. Notices arrive in the order of their commits: when the thread's own is
back, every change that was committed before it was sent has been told. `informed_at` is that
moment. Behind a pooler that swallows notices, or with Postgres away, it stands still, and whoever
relies on it stops doing so by themselves. What changed while nobody listened is never told, so each
time that listening begins everything is to be forgotten.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from core.database import Database
from core.errors import EngineUnavailableError
from core.logs import get_logger
from core.tenancy import new_id

CHANNEL = "oppulence_access"
BEAT_SECONDS = 0.25
_RETRY_SECONDS = 5.0
_LOG = get_logger("serving")


@dataclass
class AccessChanges:
    """The notices of one process.

    Args:
        database: Postgres, under the application's role.
        url: The same, for a connection that only listens.
        forget: Called with a workspace's id when something of its access has changed; with None
            when anything may have.
    """

    database: Database
    url: str
    forget: Callable[[str | None], None]
    informed_at: float = field(default=float("-inf"))
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen, in a thread."""
        self._thread = threading.Thread(target=self._run, name="access", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as listening:
                    listening.execute(f"listen {CHANNEL}")
                    self.forget(None)
                    self._listen(listening)
            except (psycopg.Error, EngineUnavailableError) as error:
                _LOG.warning("access_changes_unheard", reason=str(error).splitlines()[0])
                self._stop.wait(_RETRY_SECONDS)

    def _listen(self, listening: psycopg.Connection) -> None:
        me = new_id("beat")
        while not self._stop.is_set():
            sent_at = time.monotonic()
            with self.database.system() as rows:
                rows.execute("select pg_notify(%s, %s)", [CHANNEL, me])
            is_back = False
            for notice in listening.notifies(timeout=BEAT_SECONDS):
                if notice.payload == me:
                    is_back = True
                elif not notice.payload.startswith("beat_"):
                    self.forget(notice.payload)
            if is_back:
                self.informed_at = sent_at
