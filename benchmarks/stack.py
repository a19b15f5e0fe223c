"""How much memory does the whole embedded stack hold while it has nothing to do?

Starts `oppulence up` on an empty folder and free ports, waits until everything is ready and then
until its processes have rested, and sums what they hold: by RSS, the goal, which counts shared
pages once per process, and by PSS, which divides them. Says what each part holds on stderr.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.memory import MEGABYTE, Held, family, held_by, seconds_of_cpu
from benchmarks.report import report
from core.settings import Settings
from local.ports import free_port

LIMIT_MEGABYTES = 2_000
READY_SECONDS = 300
REST_SECONDS = 60  # ticks of sensors, the gateway giving memory back: all have happened by then
QUIET_SHARE = 0.25  # of one core, over QUIET_SECONDS: dbt or a run would take all of one
QUIET_SECONDS = 10
WATCHED_SECONDS = 60  # for what it prints while idle


class Output:
    """What the stack prints, read in a thread."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines = 0
        self.last: deque[str] = deque(maxlen=20)
        self.is_ready = threading.Event()
        self._stream = process.stdout
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._stream is not None
        for line in self._stream:
            self.lines += 1
            self.last.append(line.rstrip())
            if "Everything is ready" in line:
                self.is_ready.set()


@contextmanager
def running_stack(folder: Path) -> Iterator[tuple[int, Output]]:
    """Start the stack, yield its process id and output once it is ready, and stop it.

    Raises:
        TimeoutError: It did not become ready.
    """
    settings = Settings(
        data_dir=folder,
        **{f"{name}_port": free_port() for name in ("api", "dagster", "clickhouse", "sandbox")},
    )
    with subprocess.Popen(
        [sys.executable, "-m", "oppulence", "up"],
        env=settings.child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        try:
            output = Output(process)
            if not output.is_ready.wait(READY_SECONDS):
                raise TimeoutError("\n".join(["not ready:", *output.last]))
            yield process.pid, output
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def wait_until_idle(pid: int) -> None:
    """Return when the stack has rested and does next to nothing."""
    time.sleep(REST_SECONDS)
    while True:
        before = seconds_of_cpu(family(pid))
        time.sleep(QUIET_SECONDS)
        if seconds_of_cpu(family(pid)) - before < QUIET_SHARE * QUIET_SECONDS:
            return


def held_by_part(pid: int) -> dict[str, Held]:
    """Return what each part holds, the processes that it started included."""
    parts: dict[str, Held] = {}
    for process in family(pid):
        name = part_of(" ".join(process.cmdline()))
        parts[name] = parts.get(name, Held()) + held_by(process.pid)
    return parts


def part_of(command: str) -> str:
    """Name the part that a command line runs."""
    marks = {
        "local.clickhouse": "clickhouse", "-m serving": "api", "-m sandbox": "sandbox",
        "dagster api": "code", "dagster_webserver": "dagster", "dagster._daemon": "daemon",
        "oppulence worker": "worker", "oppulence up": "up", "postgres": "postgres",
        "redis": "redis",
    }  # fmt: skip
    found = (name for mark, name in marks.items() if mark in command)
    return next(found, re.sub(r"\S*/", "", command)[:40] or "ended")


def main() -> None:
    """Measure, and print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder).resolve()) as (pid, output),
    ):
        wait_until_idle(pid)
        parts = held_by_part(pid)
        printed = output.lines
        time.sleep(WATCHED_SECONDS)
        printed = output.lines - printed
    total = Held()
    for name, held in sorted(parts.items(), key=lambda item: -item[1].rss):
        total += held
        print(
            f"  {name:12} {held.rss // MEGABYTE:5} MB RSS {held.pss // MEGABYTE:5} MB PSS",
            file=sys.stderr,
        )
    for name, size in (("rss", total.rss), ("pss", total.pss)):
        report(
            f"stack.idle_{name}", size / MEGABYTE, "MB",
            peer=f"{len(parts)} parts on {os.cpu_count()} cores", ratio=None,
            goal=f"<= {LIMIT_MEGABYTES:,} MB", met=size <= LIMIT_MEGABYTES * MEGABYTE,
        )  # fmt: skip
    report(
        "stack.idle_lines", printed, "lines/minute", peer="what `oppulence up` prints",
        ratio=None, goal="for information", met=None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
