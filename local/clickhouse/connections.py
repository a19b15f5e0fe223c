"""Which connection does a query without a session run on? One used before, made as new.

A fresh chDB connection and its settings cost as much as a small query. One on which nothing but
SELECTs ran differs from a fresh one in its settings and its database alone, so both are put back
before the next query; whatever else ran, or failed, takes its connection with it.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.clickhouse.engine import SERVER_DEFAULTS, Connection, Engine, quoted, quoted_name
from local.clickhouse.failures import QueryFailed

KEPT = 32
_DATABASE = "default"


@dataclass
class Kept:
    """A connection between two queries, and in what it differs from a fresh one."""

    connection: Connection
    database: str = _DATABASE
    settings: dict[str, str] = field(default_factory=dict)

    def prepare(self, database: str, settings: Mapping[str, str]) -> None:
        """Give it this database and these settings, and no others."""
        undone = {name for name in self.settings if name not in settings}
        changed = {name: v for name, v in settings.items() if self.settings.get(name) != v}
        words = [f"{quoted_name(name)} = {_usual(name)}" for name in sorted(undone)]
        words += [f"{quoted_name(name)} = {quoted(value)}" for name, value in changed.items()]
        if words:
            self.connection.run(f"SET {', '.join(words)}")
            self.settings = dict(settings)
        if database != self.database:
            self.connection.run(f"USE {quoted_name(database)}")
            self.database = database


class Connections:
    """The connections of queries without a session."""

    def __init__(self, engine: Engine) -> None:
        """Start without any."""
        self._engine = engine
        self._kept: list[Kept] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(
        self, database: str, settings: Mapping[str, str], *, reads: bool
    ) -> Iterator[Connection]:
        """Lend a connection for one query; only one that `reads` leaves it as it was."""
        kept = self._ready(database or _DATABASE, settings, reads=reads)
        try:
            yield kept.connection
        except BaseException:
            kept.connection.close()
            raise
        if not (reads and self._keep(kept)):
            kept.connection.close()

    def _ready(self, database: str, settings: Mapping[str, str], *, reads: bool) -> Kept:
        """Return a connection in this database and with these settings."""
        while True:
            kept = self._take(database, settings) if reads else None
            found = kept or Kept(self._engine.connect())
            try:
                found.prepare(database, settings)
            except QueryFailed:
                found.connection.close()
                if kept is None:
                    raise
                # Some settings (readonly) let no other be changed back.
            else:
                return found

    def _take(self, database: str, settings: Mapping[str, str]) -> Kept | None:
        """Take the connection that needs the least to be made ready."""
        with self._lock:
            for index in range(len(self._kept) - 1, -1, -1):
                kept = self._kept[index]
                if kept.database == database and kept.settings == settings:
                    return self._kept.pop(index)
            return self._kept.pop() if self._kept else None

    def _keep(self, kept: Kept) -> bool:
        with self._lock:
            if len(self._kept) < KEPT:
                self._kept.append(kept)
                return True
            return False


def _usual(name: str) -> str:
    """Return the value of a setting that nobody named, as SQL."""
    return quoted(SERVER_DEFAULTS[name]) if name in SERVER_DEFAULTS else "DEFAULT"
