"""When is a provider told where its webhooks go? Once the connection is kept, and committed."""

from dataclasses import dataclass, field

from core.settings import Settings
from linking.flow import Linked
from linking.webhook_address import register
from serving.connections.schemas import ConnectionRecord


@dataclass(slots=True)
class Registration:
    """Notes what a transaction keeps, and tells the provider when that has ended well.

    A request that is answered from what was kept before has made nothing, and tells nothing.
    """

    settings: Settings
    kept: list[tuple[ConnectionRecord, Linked]] = field(default_factory=list)

    def note(self, record: ConnectionRecord, linked: Linked) -> ConnectionRecord:
        """Remember a connection that is being kept; return it."""
        self.kept.append((record, linked))
        return record

    def tell(self) -> None:
        """Tell the providers; one that does not take it is noted in the log."""
        for record, linked in self.kept:
            register(self.settings, record.provider, record.id, linked)
