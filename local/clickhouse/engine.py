"""How does the gateway talk to chDB?

A chDB connection carries its own settings, current database and temporary tables, so every query
without a session has one to itself while it runs (`local.clickhouse.connections`): nothing leaks
from one client to the next. This module wraps the extension's untyped calls; it knows nothing
about HTTP.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from chdb import _chdb

from local.clickhouse.failures import QueryFailed, failure_of_engine

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """What a query read and wrote."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a finished query returned."""

    body: bytes
    progress: Progress


def quoted(text: str) -> str:
    """Return a text as an SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_name(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _attempt(call: Callable[[], Result]) -> Result:
    try:
        return call()
    except RuntimeError as error:
        raise failure_of_engine(str(error)) from None


def _progress(result: Any) -> Progress:
    return Progress(
        read_rows=int(result.storage_rows_read()),
        read_bytes=int(result.storage_bytes_read()),
        written_rows=int(result.rows_written()),
        written_bytes=int(result.bytes_written()),
        elapsed=float(result.elapsed()),
    )


class Connection:
    """One chDB connection. Runs one query at a time."""

    def __init__(self, raw: Any) -> None:
        """Wrap the extension's connection."""
        self._raw = raw

    def run(
        self,
        sql: str | bytes,
        output_format: str = "TabSeparated",
        parameters: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a statement to its end."""
        result = _attempt(
            lambda: self._raw.query(sql, output_format, params=dict(parameters or {}))
        )
        return Outcome(bytes(result.bytes()), _progress(result))

    def change_settings(self, settings: Mapping[str, str]) -> None:
        """Apply settings to what runs next on this connection."""
        if settings:
            self.run(
                "SET "
                + ", ".join(
                    f"{quoted_name(name)} = {quoted(value)}" for name, value in settings.items()
                )
            )

    def close(self) -> None:
        """Give the connection back to the engine."""
        self._raw.close()


# chDB starts with the defaults of clickhouse-local; these are a server's. But for the last three: a
# server compiles what it runs for the third time, which pays on millions of rows; on ours compiling
# was a third of what building the models took.
SERVER_DEFAULTS = {
    "implicit_select": "0",
    "storage_file_read_method": "pread",
    "allow_introspection_functions": "0",
    "throw_if_no_data_to_insert": "0",
    "min_count_to_compile_expression": "50",
    "min_count_to_compile_aggregate_expression": "50",
    "min_count_to_compile_sort_description": "50",
}


class Engine:
    """The chDB engine of one data folder.

    It is never closed: closing aborts the process now and then (chDB 26.9, "free(): invalid
    pointer"), and what was acknowledged survives even a SIGKILL. chDB has no queue of asynchronous
    inserts that an end could lose.
    """

    def __init__(self, path: Path, options: Mapping[str, str]) -> None:
        """Start the engine. Only one may live in a process."""
        self._path = str(path)
        self._root = self._open({**options, **SERVER_DEFAULTS})
        self._root_lock = threading.Lock()
        self.version = self.ask("SELECT version()")
        self.timezone = self.ask("SELECT timezone()")

    def connect(self) -> Connection:
        """Open a connection with a server's default settings."""
        return self._open(SERVER_DEFAULTS)

    def _open(self, options: Mapping[str, str]) -> Connection:
        address = f"{self._path}?{urlencode(dict(options))}"
        return Connection(_chdb.connect(address))  # type: ignore[attr-defined]

    def ask(self, sql: str) -> str:
        """Run a small statement of the gateway's own."""
        with self._root_lock:
            return self._root.run(sql).body.decode().rstrip("\n")

    def give_memory_back(self) -> None:
        """Return what the allocator keeps for later to the operating system."""
        self.ask("SYSTEM JEMALLOC PURGE")

    def kill_thread(self, native_thread: int) -> None:
        """Stop the query that this thread of the gateway runs, and wait for nothing.

        chDB names its queries itself; the thread that called is the one mark of them we know.
        """
        try:
            self.ask(
                f"KILL QUERY WHERE has(thread_ids, {native_thread}) AND query_id != queryID() ASYNC"
            )
        except QueryFailed as error:
            if "wait" not in error.text:
                raise

    def query_id_of_thread(self, native_thread: int) -> str:
        """Return the engine's name of the query that this thread runs, or nothing."""
        return self.ask(
            f"SELECT query_id FROM system.processes WHERE has(thread_ids, {native_thread}) "
            "AND query_id != queryID()"
        )
