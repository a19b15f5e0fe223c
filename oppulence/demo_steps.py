"""How does the demo tell where it is? A line per step on stderr, with its time and its rows.

On a terminal the running step is redrawn in place; in a log each step is one line when it ends, so
that stdout holds the result alone.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status


class Step:
    """One running step."""

    def __init__(self, console: Console, text: str) -> None:
        """Begin; `finish` ends it, once."""
        self._console, self._text = console, text
        self._started = time.monotonic()
        self._detail = ""
        self._status: Status | None = None
        if console.is_terminal:
            self._status = console.status(text)
            self._status.start()

    def rows(self, counts: Mapping[str, int]) -> None:
        """Show how many rows have landed."""
        self._detail = f"{sum(counts.values()):,} rows"
        if self._status is not None:
            self._status.update(f"{self._text} · {self._detail}")

    def finish(self, mark: str = "✓") -> None:
        """Leave the step's line behind."""
        if self._status is not None:
            self._status.stop()
        seconds = time.monotonic() - self._started
        detail = f"{self._detail}, " if self._detail else ""
        self._console.print(
            f"{mark} {self._text} ({detail}{seconds:.1f} s)", markup=False, highlight=False
        )


class Steps:
    """The demo's steps, one after the other; an outer step may be done before its block ends."""

    def __init__(self) -> None:
        """Write to stderr."""
        self._console = Console(file=sys.stderr, soft_wrap=True)
        self._open: list[Step] = []

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Run one step; a failure marks it and goes on upwards."""
        step = Step(self._console, text)
        self._open.append(step)
        try:
            yield step
        except BaseException:
            self._end(step, "✗")
            raise
        self._end(step, "✓")

    def done(self) -> None:
        """End the innermost step now, though what it started goes on for the rest of its block."""
        self._end(self._open[-1], "✓")

    def say(self, text: str) -> None:
        """Leave detail out: the step's own line says enough."""

    def _end(self, step: Step, mark: str) -> None:
        if step in self._open:
            self._open.remove(step)
            step.finish(mark)
