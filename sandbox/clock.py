"""What time is it in the sandbox? The real time, shifted or frozen as a test wishes."""

from __future__ import annotations

from core.clock import utc_now


class Clock:
    """Seconds since the epoch; follows the real clock at an offset unless it is frozen."""

    def __init__(self, at_least: int, starts_at: int | None = None) -> None:
        """Start at `starts_at`, else at the real time, but never before `at_least`."""
        real = int(utc_now().timestamp())
        self.offset = (starts_at if starts_at is not None else max(real, at_least)) - real
        self.frozen_at: int | None = None

    def now(self) -> int:
        """The current second."""
        if self.frozen_at is not None:
            return self.frozen_at
        return int(utc_now().timestamp()) + self.offset

    def set(self, at: int, frozen: bool) -> None:
        """Go on from `at`, or stand still there."""
        self.frozen_at = at if frozen else None
        self.offset = at - int(utc_now().timestamp())
