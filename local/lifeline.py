"""Who stops our child processes when we are killed ourselves?

A process that starts children first starts one small watcher (10 MB, its own session) and tells it
each child over a pipe. When the pipe closes, for whatever reason, SIGKILL included, the watcher
stops what is left: newest first, with each child's own signal, then without mercy. It works where
Linux's PR_SET_PDEATHSIG does not: on macOS, for grandchildren (Dagster's runs), for processes that
change their user (Postgres under root), and it knows an order.

The watcher also inherits the data folder's lock (`local.lease`), so that nobody starts engines on
the folder before the last one of a killed process is gone.

Only the standard library, since the watcher runs this file alone.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

GRACE_SECONDS = 35.0


class Lifeline:
    """The parent's end of the pipe to its watcher."""

    def __init__(self, *, inherited: Sequence[int] = ()) -> None:
        """Start the watcher; `inherited` are descriptors that it holds as long as it lives."""
        self._watcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=tuple(inherited),
            start_new_session=True,
        )

    def guard(self, pid: int, stop_signal: int) -> None:
        """Have the process group `pid` stopped by `stop_signal` when this process ends."""
        self._tell(f"+ {pid} {int(stop_signal)}\n")

    def release(self, pid: int) -> None:
        """Forget a process group that has ended."""
        self._tell(f"- {pid} 0\n")

    def close(self) -> None:
        """Stop whatever is still guarded and wait for the watcher to end."""
        assert self._watcher.stdin is not None
        self._watcher.stdin.close()
        self._watcher.wait()

    def _tell(self, line: str) -> None:
        assert self._watcher.stdin is not None
        self._watcher.stdin.write(line.encode())
        self._watcher.stdin.flush()


def _watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guarded: dict[int, int] = {}
    for line in sys.stdin:
        action, pid, stop_signal = line.split()
        if action == "+":
            guarded[int(pid)] = int(stop_signal)
        else:
            guarded.pop(int(pid), None)
    for group, how in reversed(guarded.items()):
        _stop(group, how)


def _stop(pid: int, stop_signal: int) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    try:
        os.kill(pid, stop_signal)
        while _is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _is_running(pid: int) -> bool:
    # Orphans belong to process 1, and in a container it may leave them as zombies for ever.
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return state.rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        if sys.platform == "linux":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _watch()
