"""How do queries of one session share a connection?

A session pins one chDB connection: its temporary tables, its ``SET`` and its ``USE`` live there.
What a request names in its URL counts for that request alone, as on a server, so it is undone
before the next one runs.
"""

import threading
import time
from dataclasses import dataclass, field

from local.clickhouse.engine import Connection, Engine, quoted, quoted_name
from local.clickhouse.failures import failure


@dataclass
class Session:
    """A pinned connection and what requests changed on it for a while."""

    connection: Connection
    timeout: float
    expires_at: float = 0.0
    busy: bool = False
    database: str = "default"
    current_database: str = "default"
    borrowed_settings: dict[str, str] = field(default_factory=dict)
    own_values: dict[str, str | None] = field(default_factory=dict)

    def prepare(self, database: str, settings: dict[str, str]) -> None:
        """Make ready for a request with these settings, and undo those of the last one."""
        for name in [name for name in self.borrowed_settings if name not in settings]:
            own = self.own_values.pop(name)
            self.connection.run(
                f"SET {quoted_name(name)} = {'DEFAULT' if own is None else quoted(own)}"
            )
            del self.borrowed_settings[name]
        fresh = {
            name: value
            for name, value in settings.items()
            if self.borrowed_settings.get(name) != value
        }
        self._remember([name for name in fresh if name not in self.own_values])
        self.connection.change_settings(fresh)
        self.borrowed_settings |= fresh
        wanted = database or self.database
        if wanted != self.current_database:
            self.connection.run(f"USE {quoted_name(wanted)}")
            self.current_database = wanted

    def take_over_database(self) -> None:
        """Keep what a USE of the client chose."""
        self.database = self.connection.run("SELECT currentDatabase()").body.decode().rstrip("\n")
        self.current_database = self.database

    def _remember(self, names: list[str]) -> None:
        """Note the session's own value of settings that a request is about to override."""
        if not names:
            return
        listed = ", ".join(quoted(name) for name in names)
        changed = self.connection.run(
            "SELECT name, value FROM system.settings "
            f"WHERE changed AND name IN ({listed}) FORMAT TabSeparatedRaw"
        ).body.decode()
        own = dict(line.split("\t", 1) for line in changed.splitlines())
        self.own_values |= {name: own.get(name) for name in names}


class Sessions:
    """All sessions of the gateway, by user and name."""

    def __init__(self, engine: Engine) -> None:
        """Start without any."""
        self._engine = engine
        self._sessions: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    def enter(self, user: str, name: str, timeout: float, must_exist: bool) -> Session:
        """Take a session for one query; a second query at once is refused, as on a server."""
        self.close_expired()
        with self._lock:
            session = self._sessions.get((user, name))
            if session is None:
                if must_exist:
                    raise failure(372, "SESSION_NOT_FOUND", f"Session {name} not found")
                session = Session(self._engine.connect(), timeout)
                self._sessions[(user, name)] = session
            if session.busy:
                raise failure(
                    373, "SESSION_IS_LOCKED", f"Session {name} is locked by a concurrent client"
                )
            session.busy = True
            session.timeout = timeout
            return session

    def leave(self, user: str, name: str, close: bool) -> None:
        """Give a session back, or end it."""
        with self._lock:
            session = self._sessions[(user, name)]
            session.busy = False
            session.expires_at = time.monotonic() + session.timeout
            if close:
                del self._sessions[(user, name)]
        if close:
            session.connection.close()

    def close_expired(self) -> None:
        """End the sessions that nobody used for as long as they asked to be kept."""
        now = time.monotonic()
        with self._lock:
            expired = [
                key for key, one in self._sessions.items() if not one.busy and one.expires_at < now
            ]
            closing = [self._sessions.pop(key) for key in expired]
        for session in closing:
            session.connection.close()

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self._sessions)
