"""What do these tests start and look at? Small parts, and the processes that are still there."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local.lifeline import Lifeline
from local.process import LineSink, Part
from local.supervisor import Supervisor

# Generous: it only ends a wait, and another program may keep the machine busy.
DEADLINE_SECONDS = 120.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fail by name when it does not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Say whether a process runs, zombies not counted."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def processes_naming(text: Path) -> list[int]:
    """Return the processes whose command line names a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(text) in w for w in line):
            found.append(process.pid)
    return found


def small_part(
    name: str,
    script: str,
    *,
    probe: Callable[[], bool] = lambda: True,
    stop_signal: signal.Signals = signal.SIGTERM,
    is_engine: bool = False,
    ready_seconds: float = 60.0,
    stop_seconds: float = 30.0,
) -> Part:
    """Describe a Python one-liner as a part."""
    return Part(
        name=name,
        command=(sys.executable, "-I", "-S", "-u", "-c", script),
        environment={},
        probe=probe,
        stop_signal=stop_signal,
        is_engine=is_engine,
        ready_seconds=ready_seconds,
        stop_seconds=stop_seconds,
    )


@dataclass
class Bench:
    """A supervisor under test, with all that it printed and reported."""

    supervisor: Supervisor
    stopping: threading.Event
    forced: threading.Event
    lines: list[tuple[str, str]] = field(default_factory=list)
    reports: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def supervised(
    *, probe_every_seconds: float = 10.0, first_delay_seconds: float = 0.5
) -> Iterator[Bench]:
    """Yield a supervisor that is stopped at the end, whatever happened."""
    stopping, forced, lifeline = threading.Event(), threading.Event(), Lifeline()
    lines: list[tuple[str, str]] = []
    reports: list[tuple[str, str]] = []

    def sink_of(part: str) -> LineSink:
        return lambda line: lines.append((part, line))

    supervisor = Supervisor(
        lifeline,
        sink_of=sink_of,
        report=lambda part, text: reports.append((part, text)),
        stopping=stopping,
        forced=forced,
        probe_every_seconds=probe_every_seconds,
        first_delay_seconds=first_delay_seconds,
    )
    try:
        yield Bench(supervisor, stopping, forced, lines, reports)
    finally:
        supervisor.stop()
        lifeline.close()
