"""What lives as long as the gateway does, and how does it end?

One engine, its sessions and running queries, and a server that gives each connection a thread.
Stopping loses nothing that was promised: reads are stopped, inserts are finished, new queries are
refused with 503.
"""

import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.clickhouse.engine import Engine
from local.clickhouse.failures import failure
from local.clickhouse.handler import Handler
from local.clickhouse.queries import Queries
from local.clickhouse.running import RunningQueries
from local.clickhouse.sessions import Sessions
from local.clickhouse.spool import SpoolFolder

_log = logging.getLogger(__name__)
# So long after the last query the engine is asked to give unused memory back.
_QUIET_SECONDS = 2.0


class Gateway(ThreadingHTTPServer):
    """The HTTP server over one engine."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], engine: Engine, spool_path: Path, password: str
    ) -> None:
        """Bind the address; nothing is answered before `serve_forever`."""
        super().__init__(address, Handler)
        self.engine = engine
        self.password = password
        self.display_name = socket.gethostname()
        self.spool = SpoolFolder(spool_path)
        self.sessions = Sessions(engine)
        self.running = RunningQueries(engine, spool_path)
        self.queries = Queries(engine, self.sessions, self.running, self.spool)
        self._stopping = False
        self._active = 0
        self._changed = threading.Condition()
        self._quiet_ticks: int | None = None

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a query in and out, or refuse it because the gateway is stopping."""
        with self._changed:
            if self._stopping:
                raise failure(
                    236, "ABORTED", "The server is shutting down", HTTPStatus.SERVICE_UNAVAILABLE
                )
            self._active += 1
            self._quiet_ticks = 0
        try:
            yield
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def stop(self, seconds: float) -> None:
        """Refuse what is new, stop reads, let inserts finish, and end `serve_forever`."""
        with self._changed:
            self._stopping = True
        self.running.stop_reads()
        with self._changed:
            finished = self._changed.wait_for(lambda: self._active == 0, seconds)
        if not finished:
            self.running.stop_all()
            with self._changed:
                self._changed.wait_for(lambda: self._active == 0, seconds)
        self.shutdown()

    def service_actions(self) -> None:
        """End sessions whose time is over; give memory back when nothing runs any more."""
        self.sessions.close_expired()
        with self._changed:
            if self._active or self._quiet_ticks is None:
                return
            self._quiet_ticks += 1
            if self._quiet_ticks * self.poll_seconds < _QUIET_SECONDS:
                return
            self._quiet_ticks = None
        self.engine.give_memory_back()

    poll_seconds = 0.5

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what no answer could tell; a client that hangs up between requests is no failure."""
        if isinstance(sys.exception(), ConnectionResetError):
            _log.debug("%s hung up", client_address)
            return
        _log.exception("A request from %s failed", client_address)
