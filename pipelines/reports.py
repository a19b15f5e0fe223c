"""What did a run do? One outcome per connection, in the provider's own words where it failed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.connections import Connection, Status


@dataclass(frozen=True, slots=True)
class ConnectionOutcome:
    """How one connection fared in a run.

    Attributes:
        status: What `ConnectionStore.record_status` should store.
        reason: The provider's words for a status other than active; of an active connection, what
            is worth knowing of it (when a bank may be asked again).
        rows: Rows landed per object (`charge`, `checkout.session`).
        skipped: Objects that this key or account may not list, with the provider's reason.
        failed: Objects that failed and will be tried again, with the reason.
        complete: Everything that was asked for has landed.
        was_read: The provider was asked; if not, nothing was due, and what is there is as old as
            the last read.
    """

    connection: Connection
    status: Status = "active"
    reason: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    was_read: bool = True


@dataclass(frozen=True, slots=True)
class IngestReport:
    """A run over many connections; a failing one fails alone."""

    provider: str
    outcomes: tuple[ConnectionOutcome, ...]
    load_ids: tuple[str, ...] = ()

    @property
    def rows(self) -> dict[str, int]:
        """Rows landed per object, over all connections."""
        total: Counter[str] = Counter()
        for outcome in self.outcomes:
            total.update(outcome.rows)
        return dict(sorted(total.items()))

    @property
    def failures(self) -> tuple[ConnectionOutcome, ...]:
        """Connections that are not whole."""
        return tuple(outcome for outcome in self.outcomes if not outcome.complete)
