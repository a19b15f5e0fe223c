"""Who hears how a run gets on? The caller in the same process, or else the run's own log."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Called with rows so far per object (`charge`) or model (`unified.transactions`).
Progress = Callable[[Mapping[str, int]], None]

LOG_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Carries the caller's function into a run, as a resource."""

    on_progress: Progress | None = None

    def or_log(self, log: Callable[[str], None]) -> Progress:
        """Return the caller's function, or one that logs a line now and then."""
        return self.on_progress or _logged(log)


SILENT = Listener()


def _logged(log: Callable[[str], None]) -> Progress:
    """Return a listener that writes few lines: each is a row of Dagster's database."""
    last = time.monotonic()

    def listen(rows: Mapping[str, int]) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_SECONDS:
            last = time.monotonic()
            log(f"{sum(rows.values()):,} rows landed so far")

    return listen
