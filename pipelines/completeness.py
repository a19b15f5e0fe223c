"""What is a verdict of an audit, and where is it kept? Counts and hashes per object and day.

The hash is the sum of 64-bit digests of the ids: independent of order, and equal sums with equal
counts mean equal sets for all that matters.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from core.connections import Connection
from core.warehouse import Warehouse

_MODULUS = 2**64
# The same sum over a column of ids, in ClickHouse.
HASH_OF_IDS = "sum(reinterpretAsUInt64(substring(MD5(id), 1, 8)))"


@dataclass(slots=True)
class Tally:
    """How many objects, and the sum of their ids' digests."""

    count: int = 0
    hash: int = 0

    def add(self, object_id: str) -> None:
        """Count one object."""
        digest = hashlib.md5(object_id.encode(), usedforsecurity=False).digest()
        self.count += 1
        self.hash = (self.hash + int.from_bytes(digest[:8], "little")) % _MODULUS


@dataclass(frozen=True, slots=True)
class DayVerdict:
    """One object of one connection on one day: what its provider lists, the warehouse holds."""

    object: str
    created_on: date
    provider: Tally = field(default_factory=Tally)
    warehouse: Tally = field(default_factory=Tally)

    @property
    def is_complete(self) -> bool:
        """Both sides hold the same objects."""
        return self.provider == self.warehouse


def store_verdicts(
    warehouse: Warehouse, connection: Connection, verdicts: Sequence[DayVerdict], now: datetime
) -> None:
    """Keep verdicts in raw.completeness; the newest of an object and day counts."""
    if not verdicts:
        return
    import pyarrow as pa  # 40 MB that the code server, which declares audits, does without

    columns = {
        "workspace_id": [str(connection.tenant)] * len(verdicts),
        "connection_id": [connection.id] * len(verdicts),
        "object": [v.object for v in verdicts],
        "created_on": [v.created_on for v in verdicts],
        "provider_count": pa.array([v.provider.count for v in verdicts], pa.uint64()),
        "provider_hash": pa.array([v.provider.hash for v in verdicts], pa.uint64()),
        "warehouse_count": pa.array([v.warehouse.count for v in verdicts], pa.uint64()),
        "warehouse_hash": pa.array([v.warehouse.hash for v in verdicts], pa.uint64()),
        "is_complete": [v.is_complete for v in verdicts],
        "audited_at": pa.array([now] * len(verdicts), pa.timestamp("ms", tz="UTC")),
    }
    warehouse.insert_arrow("raw.completeness", pa.table(columns))
