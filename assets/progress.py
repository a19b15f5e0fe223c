"""Who hears how a run gets on? The caller in the same process, or else the run's own log."""

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import TypeVar

Event = TypeVar("Event")

# Called with rows so far per object (`charge`) or model (`unified.transactions`).
Progress = Callable[[Mapping[str, int]], None]

LOG_SECONDS = 10.0
_SAID = re.compile(r"[\d,]+ rows landed so far")


@dataclass(frozen=True, slots=True)
class Listener:
    """Carries the caller's wishes into a run, as a resource.

    Attributes:
        on_progress: Hears of rows as they land.
        is_quiet: The terminal is the caller's: what tools print is dropped (dbt keeps its log).
    """

    on_progress: Progress | None = None
    is_quiet: bool = False

    def or_log(self, log: Callable[[str], None], *, every_seconds: float = LOG_SECONDS) -> Progress:
        """Return the caller's function, or one that logs a line now and then."""
        return self.on_progress or _logged(log, every_seconds)

    def read(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of a tool that prints while it produces them."""
        iterator, nowhere = iter(events), io.StringIO()
        while True:
            try:
                with redirect_stdout(nowhere) if self.is_quiet else nullcontext():
                    event = next(iterator)
            except StopIteration:
                return
            yield event


SILENT = Listener()


def progress_said(line: str) -> bool:
    """Say whether a line of a run's log is one of those that tell how far it is."""
    return bool(_SAID.fullmatch(line))


def _logged(log: Callable[[str], None], every_seconds: float) -> Progress:
    """Return a listener that writes few lines: each is a row of Dagster's database."""
    last = time.monotonic()

    def listen(rows: Mapping[str, int]) -> None:
        nonlocal last
        if time.monotonic() - last >= every_seconds:
            last = time.monotonic()
            log(f"{sum(rows.values()):,} rows landed so far")

    return listen
