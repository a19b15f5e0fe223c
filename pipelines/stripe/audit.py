"""Does the warehouse hold everything that Stripe lists? Counted and hashed per object and day.

The provider's side is read with its own pagination and nothing of the connector's windows or
state, so that a fault there shows up here (`pipelines.completeness` says how it is compared). Lists
without `created` are compared as one set, under the day 1970-01-01. Objects younger than the
audit's end, and lists that the key may not read, are not audited.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.completeness import HASH_OF_IDS, DayVerdict, Tally, store_verdicts
from pipelines.raw import RawTable
from pipelines.stripe.client import PAGE_SIZE, StripeClient
from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.errors import NotPermittedError
from pipelines.stripe.objects import lists_for, selected_names
from pipelines.stripe.pages import PAGE, Item, items_of

UNDATED = date(1970, 1, 1)

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
       {HASH_OF_IDS} as hash
{HELD_BETWEEN}
group by created_on
"""


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
        store_verdicts(warehouse, connection, verdicts, utc_now())
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


def second_of(day: date) -> int:
    """Return the first second of a day."""
    return epoch_microseconds(datetime.combine(day, time(), UTC)) // 1_000_000


def day_of(item: Item) -> date:
    """Return the day on which an object was created, by its own time."""
    return UNDATED + timedelta(days=item.created // 86_400)
