"""Does the warehouse hold everything that Stripe lists? Counted and hashed per object and day.

The provider's side is read with its own pagination and nothing of the connector's windows or
state, so that a fault there shows up here. The hash is the sum of 64-bit digests of the ids:
independent of order, and equal sums with equal counts mean equal sets for all that matters. Lists
without `created` are compared as one set, under the day 1970-01-01. Objects younger than the
audit's end, and lists that the key may not read, are not audited.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.raw import RawTable
from pipelines.stripe.client import PAGE_SIZE, StripeClient
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import NotPermittedError
from pipelines.stripe.objects import lists_for, selected_names
from pipelines.stripe.pages import PAGE, Item, items_of

UNDATED = date(1970, 1, 1)
_MODULUS = 2**64

# What the warehouse holds of a span, as `pages.item_of` dates it: an invoice item says `date`.
HELD_BETWEEN = """
from {table} final
where workspace_id = {{workspace:String}} and connection_id = {{connection:String}}
  and created >= {{low:Int64}} and created < {{high:Int64}}
"""
CREATED = """
with JSONExtract(payload, 'Tuple(created Int64, date Int64)') as said,
    if(said.created != 0, said.created, said.date) as created
"""
_HELD = f"""
{CREATED}
select toDate(toDateTime(created, 'UTC')) as created_on,
       count() as objects,
       sum(reinterpretAsUInt64(substring(MD5(id), 1, 8))) as hash
{HELD_BETWEEN}
group by created_on
"""


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
    """One object of one connection on one day: what Stripe lists and what the warehouse holds."""

    object: str
    created_on: date
    provider: Tally = field(default_factory=Tally)
    warehouse: Tally = field(default_factory=Tally)

    @property
    def is_complete(self) -> bool:
        """Both sides hold the same objects."""
        return self.provider == self.warehouse


def audit(
    settings: Settings,
    connection: Connection,
    *,
    since_on: date,
    until_on: date,
    objects: Sequence[str] | None = None,
) -> list[DayVerdict]:
    """Compare the days [since_on, until_on) and store the verdicts in raw.completeness.

    Raises:
        ProviderError: Stripe could not be read to the end; nothing is stored then.
    """
    low, high = second_of(since_on), second_of(until_on)
    endpoints = [e for e in lists_for(selected_names(objects)) if e.object != "event"]
    listed = asyncio.run(_listed(settings, connection, endpoints, low, high))
    warehouse = Warehouse.connect(settings)
    try:
        verdicts = [
            verdict
            for name, days in listed.items()
            for verdict in _compared(warehouse, connection, name, days, low, high)
        ]
        _store(warehouse, connection, verdicts, utc_now())
    finally:
        warehouse.close()
    return verdicts


async def _listed(
    settings: Settings, connection: Connection, endpoints: Sequence[Endpoint], low: int, high: int
) -> dict[str, dict[date, Tally]]:
    async with StripeClient(
        connection.api_url,
        connection.credentials.get("api_key", ""),
        requests_per_second=settings.stripe_requests_per_second,
    ) as client:
        reads = [_days(client, endpoint, low, high) for endpoint in endpoints]
        found = await asyncio.gather(*reads)
    return {e.object: days for e, days in zip(endpoints, found, strict=True) if days is not None}


async def _days(
    client: StripeClient, endpoint: Endpoint, low: int, high: int
) -> dict[date, Tally] | None:
    """Tally a list by day; None if the key may not read it."""
    days: dict[date, Tally] = {}
    try:
        async for item in items_between(client, endpoint, low, high):
            days.setdefault(day_of(item), Tally()).add(item.id)
    except NotPermittedError:
        return None
    return days


async def items_between(
    client: StripeClient, endpoint: Endpoint, low: int, high: int
) -> AsyncIterator[Item]:
    """Yield what a list has in [low, high), and what of it has no time of its own.

    Raises:
        NotPermittedError: The key may not read the list.
    """
    query: dict[str, str | int] = {"limit": PAGE_SIZE, **endpoint.query()}
    if endpoint.created:
        query |= {"created[gte]": low, "created[lt]": high}
    while True:
        page, _ = await client.get(endpoint.path, query, PAGE.decode)
        items = items_of(page, endpoint.object)
        for item in items:
            if item.created == 0 or low <= item.created < high:
                yield item
        if not items:
            return
        query["starting_after"] = items[-1].id


def _compared(
    warehouse: Warehouse,
    connection: Connection,
    name: str,
    days: dict[date, Tally],
    low: int,
    high: int,
) -> list[DayVerdict]:
    held = _held(warehouse, connection, name, low, high)
    if UNDATED in days:
        held |= _held(warehouse, connection, name, 0, 1)
    return [
        DayVerdict(name, day, days.get(day, Tally()), held.get(day, Tally()))
        for day in sorted(days.keys() | held.keys())
    ]


def _held(
    warehouse: Warehouse, connection: Connection, name: str, low: int, high: int
) -> dict[date, Tally]:
    rows = warehouse.rows(
        _HELD.format(table=RawTable("stripe", name).name),
        {"workspace": str(connection.tenant), "connection": connection.id,
         "low": low, "high": high},
    )  # fmt: skip
    return {row["created_on"]: Tally(row["objects"], row["hash"]) for row in rows}


def _store(
    warehouse: Warehouse, connection: Connection, verdicts: Sequence[DayVerdict], now: datetime
) -> None:
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


def second_of(day: date) -> int:
    """Return the first second of a day."""
    return epoch_microseconds(datetime.combine(day, time(), UTC)) // 1_000_000


def day_of(item: Item) -> date:
    """Return the day on which an object was created, by its own time."""
    return UNDATED + timedelta(days=item.created // 86_400)
