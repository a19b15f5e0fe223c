"""How much memory do processes hold? Resident (RSS) and proportional (PSS), summed over them.

RSS counts a page once for every process that maps it, PSS divides it among them: a sum of RSS says
too much where processes share libraries, a sum of PSS is what the machine would get back.
"""

import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 1 << 20
_FIGURE = re.compile(r"^(Rss|Pss):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that some processes hold."""

    rss: int = 0
    pss: int = 0

    def __add__(self, other: "Held") -> "Held":
        """Return both together."""
        return Held(self.rss + other.rss, self.pss + other.pss)


def held_by(pid: int) -> Held:
    """Return what a process holds, as the kernel counts it; nothing if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return Held()
    figures = {name: int(size) * 1024 for name, size in _FIGURE.findall(text)}
    return Held(figures.get("Rss", 0), figures.get("Pss", 0))


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


class Watch:
    """Samples the sum of some processes' RSS in a thread; use as a context manager."""

    def __init__(self, pids: Iterable[int], every: Callable[[], None] | None = None) -> None:
        """Watch `pids`; `every` is called with each sample, for what else may grow."""
        self.pids = list(pids)
        self.peak = 0
        self.peaks = dict.fromkeys(self.pids, 0)
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait until the last sample is in."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.2):
            total = 0
            for pid in self.pids:
                try:
                    size = psutil.Process(pid).memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                total += size
                self.peaks[pid] = max(self.peaks[pid], size)
            self.peak = max(self.peak, total)
            if self._every is not None:
                self._every()


def descendants_named(pid: int, words: str) -> list[int]:
    """Return the descendants of a process whose command line holds `words`."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if words in command:
            found.append(process.pid)
    return found


def seconds_of_cpu(processes: Iterable[psutil.Process]) -> float:
    """Return the CPU seconds that processes have used so far."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total
