"""Who owns a data folder?

Two processes on one chDB folder would damage it, so the owner holds a lock of the operating system
on a file inside it. The lock ends with the process, however it ends; the file's text only says who
to look for.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FolderInUse(Exception):  # noqa: N818 - named for what is true
    """Another process holds the folder."""

    def __init__(self, path: Path, holder: str) -> None:
        """Name the folder and the process that holds it."""
        super().__init__(
            f"The data folder {path} is in use by process {holder}. "
            "Stop it, or choose another --path."
        )
        self.path = path
        self.holder = holder


class FolderLock:
    """An exclusive lock on a folder for as long as it is held."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it is created when the lock is taken."""
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock, or raise FolderInUse at once."""
        self._path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self._path / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 64).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise FolderInUse(self._path, holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the folder back. The file stays: removing it would let two owners race."""
        os.close(self._descriptor)
