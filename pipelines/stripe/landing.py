"""Into which raw table does an object go? The one that its own `object` names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import utc_now
from core.connections import Connection
from pipelines.batches import RawObject, Sink
from pipelines.stripe.objects import OBJECTS
from pipelines.stripe.pages import Item

_DECLARED = frozenset(OBJECTS)


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the rows of one connection go, how they came, and how many there were.

    Attributes:
        names: The endpoints whose objects are wanted (`Endpoint.name`).
        counts: Rows landed so far, by object.
    """

    sink: Sink
    connection: Connection
    origin: str
    names: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)

    async def objects(self, listed_as: str, items: Sequence[Item], held_at: int) -> None:
        """Land objects that were read at `held_at` from a list of `listed_as`.

        Some lists mix types (a customer's sources are cards too). A type that has no table of its
        own stays in the list's, so that nothing is lost.
        """
        by_object: dict[str, list[RawObject]] = {}
        for item in items:
            name = item.object if item.object in _DECLARED else listed_as
            row = RawObject(item.id, held_at, item.is_deleted, item.payload)
            by_object.setdefault(name, []).append(row)
        for name, rows in by_object.items():
            await self.rows(name, rows)

    async def rows(self, name: str, rows: Sequence[RawObject]) -> None:
        """Land rows of one object."""
        self.counts[name] += len(rows)
        await self.sink.add(
            name.replace(".", "_"), self.connection, rows, origin=self.origin, now=utc_now()
        )
