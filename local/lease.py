"""Which process runs the engines of a data folder, and how do others find and join it?

One process holds the folder's lock (`run.lock`), with its watcher: the lock is free only when the
engines are gone, even after a SIGKILL. When its engines answer, it publishes `run.json`; others
join by holding `users.lock` together, and a holder that ends by itself waits for them.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from core.errors import ConflictError

WAIT_SECONDS = 90.0
_POLL_SECONDS = 0.05


class FolderBusyError(ConflictError):
    """Another process runs the engines of this data folder, or is about to."""

    code = "data_folder_busy"
    title = "The data folder is in use"
    exit_code = 75


@dataclass(frozen=True, slots=True)
class LiveStack:
    """What a running stack tells others: its process, its engines' ports, its parts."""

    pid: int
    created: float
    command: str
    ports: Mapping[str, int]
    parts: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs, and is the one that wrote this, not a later namesake."""
        try:
            return psutil.Process(self.pid).create_time() == self.created
        except psutil.NoSuchProcess:
            return False


class Lease:
    """The right to run the engines of a folder; ends with the process and its watcher."""

    def __init__(self, data_dir: Path, descriptor: int) -> None:
        """Keep the locked descriptor; `claim` makes leases."""
        self.descriptor = descriptor
        self._data_dir = data_dir

    def publish(
        self,
        command: str,
        ports: Mapping[str, int],
        parts: Mapping[str, Mapping[str, str | int]],
    ) -> None:
        """Tell others that the engines answer, and where."""
        live = LiveStack(
            os.getpid(), psutil.Process().create_time(), command, dict(ports), dict(parts)
        )
        draft = self._data_dir / "run.json.new"
        draft.write_text(json.dumps(asdict(live), indent=2), encoding="utf-8")
        draft.rename(self._data_dir / "run.json")

    def withdraw(self, on_wait: Callable[[], None] | None = None) -> None:
        """Let nobody join any more; with `on_wait`, wait for those who did."""
        (self._data_dir / "run.json").unlink(missing_ok=True)
        if on_wait is None:
            return
        with _opened(self._data_dir / "users.lock") as users:
            if not _lock(users, fcntl.LOCK_EX):
                on_wait()
                fcntl.flock(users, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the folder back."""
        os.close(self.descriptor)


def read_live(data_dir: Path) -> LiveStack | None:
    """Return the stack that runs on this folder, if one does."""
    try:
        live = LiveStack(**json.loads((data_dir / "run.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    return live if live.is_alive else None


def claim(data_dir: Path, *, wait_seconds: float = WAIT_SECONDS) -> Lease | LiveStack:
    """Become the folder's holder, or find the live stack of the one who is.

    Raises:
        FolderBusyError: Its holder neither publishes nor ends within `wait_seconds`.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    while True:
        descriptor = os.open(data_dir / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if _lock(descriptor, fcntl.LOCK_EX):
            (data_dir / "run.json").unlink(missing_ok=True)  # of one that was killed
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return Lease(data_dir, descriptor)
        holder = os.read(descriptor, 20).decode() or "unknown"
        os.close(descriptor)
        live = read_live(data_dir)
        if live is not None:
            return live
        if time.monotonic() >= deadline:
            raise FolderBusyError(
                f"Process {holder} is starting or stopping the engines of {data_dir}.",
                next_step="Try again in a moment, or end that process.",
            )
        time.sleep(_POLL_SECONDS)


@contextmanager
def joined(data_dir: Path, live: LiveStack) -> Iterator[bool]:
    """Keep a live stack's holder from ending; yields False if it was ending already."""
    with _opened(data_dir / "users.lock") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield read_live(data_dir) == live


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False
