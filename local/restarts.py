"""When is a crashed part started again, and when is it given up? Pure arithmetic over its ends."""

from dataclasses import dataclass

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
QUICK_SECONDS = 30.0
QUICK_FAILURES_ALLOWED = 5


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often in a row a part ended soon after its start."""

    quick_failures: int = 0

    def after_end(self, lived_seconds: float) -> "Restarts":
        """Return the state after the part ended; one that lived for a while starts afresh."""
        return Restarts(1 if lived_seconds >= QUICK_SECONDS else self.quick_failures + 1)

    @property
    def is_given_up(self) -> bool:
        """Whether starting it again would only repeat the failure."""
        return self.quick_failures > QUICK_FAILURES_ALLOWED

    def delay_seconds(self, first: float = FIRST_DELAY_SECONDS) -> float:
        """Return how long to wait before the next start: doubling from `first`, to a limit."""
        return float(min(first * 2 ** max(self.quick_failures - 1, 0), LONGEST_DELAY_SECONDS))
