"""How is one child process described, started, asked whether it is ready, and stopped?

A `Part` is data: what to run and how to know that it works. A `Process` is one run of it, in a
process group of its own, so that Ctrl-C in a terminal reaches us alone and the order of stopping
is ours.
"""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

from local.lifeline import Lifeline

LineSink = Callable[[str], None]
LAST_LINES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack.

    Args:
        probe: Says whether the part answers now; called until it does, then now and then.
        address: What a person would open or connect to; shown without secrets.
        text_input: Configuration with secrets, which a command line would show to everyone.
        user: The user id to run as, when root may not.
        is_engine: Whether nothing works without it.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    probe: Callable[[], bool] = field(repr=False)
    address: str = ""
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    text_input: str = field(default="", repr=False)
    user: int | None = None
    stop_seconds: float = 15.0
    is_engine: bool = False


class Process:
    """A started part."""

    def __init__(self, part: Part, lifeline: Lifeline, sink: LineSink) -> None:
        """Start the part; every line that it prints goes to `sink`."""
        self.part = part
        self.started = time.monotonic()
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._lifeline = lifeline
        self._popen = subprocess.Popen(
            part.command,
            env=dict(part.environment),
            stdin=subprocess.PIPE if part.text_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=part.user,
            group=part.user,
            extra_groups=None if part.user is None else [],
        )
        lifeline.guard(self._popen.pid, part.stop_signal)
        if self._popen.stdin is not None:
            self._popen.stdin.write(part.text_input.encode())
            self._popen.stdin.close()
        self._reader = threading.Thread(
            target=self._read, args=(sink,), name=f"log of {part.name}", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """Return how the process ended, or None while it runs."""
        return self._popen.poll()

    def is_ready(self) -> bool:
        """Say whether the process runs and answers."""
        return self.exit_code() is None and self.part.probe()

    def request_stop(self) -> None:
        """Ask the process to end, without waiting."""
        if self.exit_code() is None:
            self._popen.send_signal(self.part.stop_signal)

    def stop(self) -> None:
        """End the process and whatever it started: asked first, then killed."""
        self.request_stop()
        try:
            self._popen.wait(self.part.stop_seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process's whole group at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:  # macOS says so of a group whose last member is a zombie
            pass
        self._popen.wait()
        self._lifeline.release(self.pid)
        self._reader.join(timeout=1)

    def _read(self, sink: LineSink) -> None:
        stream: IO[bytes] | None = self._popen.stdout
        assert stream is not None
        with stream:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip()
                self.last_lines.append(line)
                sink(line)
