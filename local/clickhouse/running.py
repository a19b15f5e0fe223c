"""Which queries run now, and how is one of them stopped?

Each query has a thread to itself while it runs, since the thread is what the engine's process list
knows it by. The request's thread meanwhile watches the client: when that leaves, the query is
stopped.
"""

import contextlib
import os
import queue
import select
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from local.clickhouse.engine import Engine

Result = TypeVar("Result")
# How long a wait lasts before the client is looked at again where no event would tell of it.
_LOOK_AGAIN_MS = 1000
_PIPE_BYTES = 1 << 20


class ClientGone(Exception):  # noqa: N818 - named for what is true
    """The client closed its connection before it had its answer."""


class ClientWatch:
    """Tells whether the client still listens."""

    def __init__(self, connection: socket.socket) -> None:
        """Watch a connection on which the client has said all it will say for now."""
        self._connection = connection

    def fileno(self) -> int:
        """Return what to poll."""
        return self._connection.fileno()

    def left(self) -> bool:
        """Look, without reading what may be a next request."""
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


class Runner:
    """A thread that runs one call after the other; its number is what a call is known by."""

    def __init__(self) -> None:
        """Start the thread."""
        self.finished_reader, self.finished_writer = os.pipe()
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="query", daemon=True)
        self._thread.start()

    @property
    def native_thread(self) -> int:
        """Return the operating system's number of the thread."""
        return self._thread.native_id or 0

    def start(self, call: Callable[[], None]) -> None:
        """Run a call, and tell its end through the pipe."""
        self._calls.put(call)

    def _run(self) -> None:
        while True:
            self._calls.get()()
            os.write(self.finished_writer, b".")


class Runners:
    """Threads that wait for a call: to start one costs as much as a small query."""

    def __init__(self) -> None:
        """Start without any."""
        self._idle: list[Runner] = []
        self._lock = threading.Lock()

    def take(self) -> Runner:
        """Take one that runs nothing."""
        with self._lock:
            return self._idle.pop() if self._idle else Runner()

    def give_back(self, runner: Runner) -> None:
        """Let another call have it."""
        with self._lock:
            self._idle.append(runner)


_runners = Runners()


class Task(Generic[Result]):
    """One call into the engine, in a thread that it has to itself until its result is taken."""

    def __init__(
        self, call: Callable[[], Result], at_end: Callable[[], None] = lambda: None
    ) -> None:
        """Start the call; ``at_end`` runs in its thread whichever way it ends."""
        self._call = call
        self._at_end = at_end
        self._result: Result | None = None
        self._error: BaseException | None = None
        self._has_ended = threading.Event()
        self._runner: Runner | None = _runners.take()
        self.native_thread = self._runner.native_thread
        self._runner.start(self._run)

    @property
    def alive(self) -> bool:
        """Say whether the call still runs."""
        return not self._has_ended.is_set()

    def wait(self, watch: ClientWatch | None) -> bool:
        """Wait for the end; return False as soon as the client leaves."""
        assert self._runner is not None
        finished = self._runner.finished_reader
        poller = select.poll()
        poller.register(finished, select.POLLIN)
        if watch is not None:
            poller.register(watch.fileno(), select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll(_LOOK_AGAIN_MS)}
            if finished in ready:
                return True
            if watch is not None and watch.fileno() in ready:
                if watch.left():
                    return False
                # The client sent its next request early: it is there, and would wake us for ever.
                poller.unregister(watch.fileno())
                watch = None

    def wait_briefly(self) -> None:
        """Wait for the end, but not long."""
        self._has_ended.wait(0.1)

    def forget(self) -> None:
        """Give up the result of a call that has ended, and its thread with it."""
        runner, self._runner = self._runner, None
        if runner is not None:
            os.read(runner.finished_reader, 1)  # waits for what the thread writes last
            _runners.give_back(runner)

    def result(self) -> Result:
        """Return what the call returned, or raise what it raised, waiting for it."""
        self._has_ended.wait()
        self.forget()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            self._error = error
        finally:
            self._at_end()
            self._has_ended.set()


class OutputPipe:
    """A named pipe that the engine writes a result into, in the very bytes that go to the client.

    `INTO OUTFILE` is the one way out of chDB that streams every format as a server would write
    it: its own streaming call repeats headers and footers of a format with every block. A
    reader that stops reading holds the engine back, and one that closes stops it.
    """

    def __init__(self, folder: Path) -> None:
        """Create the pipe and open its reading end."""
        self.path = str(folder / f"{threading.get_native_id()}.pipe")
        Path(self.path).unlink(missing_ok=True)
        os.mkfifo(self.path, 0o600)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def end(self) -> None:
        """Let the reader see the end even if the engine never opened the pipe."""
        with contextlib.suppress(OSError):
            os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))

    def close(self) -> None:
        """Close the reading end, which stops an engine that still writes; remove the pipe."""
        if self._reader < 0:
            return
        os.close(self._reader)
        self._reader = -1
        Path(self.path).unlink(missing_ok=True)

    def pieces(self, watch: ClientWatch) -> Iterator[bytes]:
        """Yield what the engine writes; raise ClientGone as soon as the client has left."""
        poller = select.poll()
        poller.register(self._reader, select.POLLIN)
        poller.register(watch.fileno(), select.POLLIN)
        watching = True
        while True:
            ready = {descriptor for descriptor, _ in poller.poll(_LOOK_AGAIN_MS)}
            if watching and watch.fileno() in ready:
                if watch.left():
                    raise ClientGone
                poller.unregister(watch.fileno())
                watching = False
            if self._reader in ready:
                try:
                    piece = os.read(self._reader, _PIPE_BYTES)
                except BlockingIOError:
                    # One writer closed and `end` opened in between: the end is still to come.
                    continue
                if not piece:
                    return
                yield piece


class RunningQueries:
    """Every query in progress, by the name that its client gave it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Start without any, and with a folder for pipes."""
        self._engine = engine
        self._tasks: dict[str, tuple[int, bool]] = {}
        self._lock = threading.Lock()
        self._folder = folder

    def open_pipe(self) -> OutputPipe:
        """Open a pipe for one result."""
        return OutputPipe(self._folder)

    @contextlib.contextmanager
    def known(self, query_id: str, task: Task[Result], reads: bool = True) -> Iterator[None]:
        """Let a query be found by its name while it runs."""
        with self._lock:
            self._tasks[query_id] = (task.native_thread, reads)
        try:
            yield
        finally:
            with self._lock:
                self._tasks.pop(query_id, None)

    def stop(self, task: Task[Result]) -> None:
        """Stop a query and wait until it has ended."""
        while task.alive:
            self._engine.kill_thread(task.native_thread)
            task.wait_briefly()
        task.forget()

    def stop_reads(self) -> None:
        """Stop what only reads, waiting for nothing."""
        self._stop_threads([thread for thread, reads in self._listed().values() if reads])

    def stop_all(self) -> None:
        """Stop everything, waiting for nothing."""
        self._stop_threads([thread for thread, _ in self._listed().values()])

    def _listed(self) -> dict[str, tuple[int, bool]]:
        with self._lock:
            return dict(self._tasks)

    def _stop_threads(self, threads: list[int]) -> None:
        for thread in threads:
            self._engine.kill_thread(thread)

    def with_engine_names(self, sql: str) -> tuple[str, dict[str, str]]:
        """Translate the clients' query ids in a KILL QUERY; return it with the way back."""
        named = [(name, one[0]) for name, one in self._listed().items() if f"'{name}'" in sql]
        back = {}
        for query_id, thread in named:
            engine_name = self._engine.query_id_of_thread(thread)
            if engine_name:
                sql = sql.replace(f"'{query_id}'", f"'{engine_name}'")
                back[engine_name] = query_id
        return sql, back
