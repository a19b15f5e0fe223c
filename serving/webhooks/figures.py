"""How many webhooks came to this process, and what became of them? Counters since its start."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Counters by (name, label); the label is a provider or a reason, never a tenant."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def received(self, provider: str) -> None:
        """Count a delivery that arrived whole."""
        self.counts["webhooks_received_total", provider] += 1

    def refused(self, reason: str) -> None:
        """Count a delivery that was not taken."""
        self.counts["webhooks_refused_total", reason] += 1

    def parked(self) -> None:
        """Count a delivery whose connection is unknown."""
        self.counts["webhooks_parked_total", ""] += 1

    def committed(self, number: int, added: int) -> None:
        """Count a group: its deliveries, and those that had not come before."""
        self.counts["webhook_groups_committed_total", ""] += 1
        self.counts["webhooks_committed_total", ""] += added
        self.counts["webhooks_repeated_total", ""] += number - added
