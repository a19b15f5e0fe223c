"""How is a gap mended that the audit found? What either side lacks is fetched, or buried.

    days that differ: ids that Stripe lists | ids that the warehouse holds
        only Stripe has   → a backfill of those days and objects, as any other
        only we have      → asked for one by one: what Stripe still shows lands anew, and what it
                            does not know any more becomes a tombstone

The second is what no sync brings once Stripe's 30 days of events are over. Only Stripe's own
`resource_missing` buries: a key without the right to look is no proof that something is gone.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from core.clock import epoch_microseconds, utc_now
from core.connections import Connection
from core.errors import ProviderError
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.batches import RawObject, RowBuffer
from pipelines.completeness import DayVerdict
from pipelines.ingest import backfill
from pipelines.raw import RawTable
from pipelines.stripe.audit import (
    CREATED,
    HELD_BETWEEN,
    UNDATED,
    day_of,
    items_between,
    second_of,
)
from pipelines.stripe.client import StripeClient
from pipelines.stripe.errors import NotPermittedError
from pipelines.stripe.objects import LISTS, children_of, expanded, selected_names
from pipelines.stripe.pages import HEAD
from pipelines.window import EVERYTHING, Window

MISSING = "resource_missing"

_IDS = CREATED + "select id, toDate(toDateTime(created, 'UTC')) as created_on" + HELD_BETWEEN
_STATES = """
select id, version, payload from {table} final
where workspace_id = {{workspace:String}} and connection_id = {{connection:String}}
  and id in {{ids:Array(String)}}
"""


@dataclass(slots=True)
class Mended:
    """What a repair did.

    Attributes:
        landed: Rows that the warehouse lacked or held in an older state, by object.
        buried: Objects that Stripe has no more, by object.
        unclear: Objects and lists of which Stripe did not tell, with its reason.
    """

    landed: Counter[str] = field(default_factory=Counter)
    buried: Counter[str] = field(default_factory=Counter)
    unclear: dict[str, str] = field(default_factory=dict)


def repair(settings: Settings, connection: Connection, verdicts: Sequence[DayVerdict]) -> Mended:
    """Mend the days that `verdicts` call incomplete; audit again to see what came of it.

    Raises:
        ProviderError: A list could not be read to its end.
        ConflictError: Another process is loading the connection.
    """
    gaps: dict[str, set[date]] = {}
    for verdict in verdicts:
        if not verdict.is_complete:
            gaps.setdefault(verdict.object, set()).add(verdict.created_on)
    mended = Mended()
    warehouse = Warehouse.connect(settings)
    try:
        listed = asyncio.run(_listed(settings, connection, gaps))
        held = {name: _held(warehouse, connection, name, days) for name, days in gaps.items()}
        lacking = [name for name in gaps if listed[name] - held[name]]
        if lacking:
            report = backfill(
                settings, [connection], window=_window(gaps, lacking), objects=_whole(lacking)
            )
            mended.landed.update(report.rows)
            for outcome in report.failures:
                mended.unclear |= dict(outcome.failed) or {connection.key: outcome.reason}
        left = {name: held[name] - listed[name] for name in gaps}
        asyncio.run(_ask(settings, connection, warehouse, left, mended))
    finally:
        warehouse.close()
    return mended


def _whole(names: Sequence[str]) -> list[str]:
    """Return the objects with those that are read with their page."""
    below = [child.name for name in names for child in children_of(name, selected_names(None))]
    return [*names, *below]


def _window(gaps: Mapping[str, set[date]], names: Sequence[str]) -> Window:
    """Return the span over all days to fetch; lists without a time are read whole anyway."""
    days = {day for name in names for day in gaps[name]} - {UNDATED}
    if not days:
        return EVERYTHING
    return Window(_midnight(min(days)), _midnight(max(days) + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def _listed(
    settings: Settings, connection: Connection, gaps: Mapping[str, set[date]]
) -> dict[str, set[str]]:
    """Return the ids that Stripe lists on the days of each object."""
    endpoints = {endpoint.object: endpoint for endpoint in LISTS}

    async def one(client: StripeClient, name: str, days: set[date]) -> set[str]:
        low, high = _span(days)
        found = items_between(client, endpoints[name], low, high)
        return {item.id async for item in found if day_of(item) in days}

    async with _client(settings, connection) as client:
        sets = await asyncio.gather(*(one(client, name, days) for name, days in gaps.items()))
    return dict(zip(gaps, sets, strict=True))


def _held(warehouse: Warehouse, connection: Connection, name: str, days: set[date]) -> set[str]:
    low, high = _span(days)
    rows = warehouse.rows(
        _IDS.format(table=RawTable("stripe", name).name),
        {**_whose(connection), "low": low, "high": high},
    )
    return {row["id"] for row in rows if row["created_on"] in days}


async def _ask(
    settings: Settings,
    connection: Connection,
    warehouse: Warehouse,
    left: Mapping[str, set[str]],
    mended: Mended,
) -> None:
    """Ask for each object that no list shows, and land what Stripe says of it."""
    async with _client(settings, connection) as client:
        for name, ids in left.items():
            for part in _parts(sorted(ids)):
                states = await asyncio.to_thread(
                    warehouse.rows,
                    _STATES.format(table=RawTable("stripe", name).name),
                    {**_whose(connection), "ids": part},
                )
                found = await asyncio.gather(
                    *(_state(client, name, state, mended) for state in states)
                )
                rows = [row for row in found if row is not None]
                await asyncio.to_thread(_land, warehouse, connection, name, rows)
                gone = sum(row.is_deleted for row in rows)
                mended.buried[name] += gone
                mended.landed[name] += len(rows) - gone


async def _state(
    client: StripeClient, name: str, state: Mapping[str, str | int], mended: Mended
) -> RawObject | None:
    """Return the object's row of now; None if Stripe does not tell."""
    identity, after = str(state["id"]), int(state["version"]) + 1
    path = next(endpoint.path for endpoint in LISTS if endpoint.object == name)
    try:
        head, answer = await client.get(f"{path}/{identity}", expanded(name), HEAD.decode)
    except NotPermittedError as error:
        if error.provider_code != MISSING:
            mended.unclear[identity] = error.detail
            return None
        version = max(after, epoch_microseconds(utc_now()))
        kept = msgspec.Raw(str(state["payload"]).encode())
        return RawObject(identity, version, is_deleted=True, payload=kept)
    except ProviderError as error:
        mended.unclear[identity] = error.detail
        return None
    version = max(after, answer.held_at)
    return RawObject(identity, version, is_deleted=head.deleted, payload=answer.body.strip())


def _land(
    warehouse: Warehouse, connection: Connection, name: str, rows: Sequence[RawObject]
) -> None:
    if rows:
        buffer = RowBuffer()
        buffer.extend(connection, rows, "backfill", utc_now())
        warehouse.insert_arrow(RawTable("stripe", name).name, buffer.table())


def _client(settings: Settings, connection: Connection) -> StripeClient:
    return StripeClient(
        connection.api_url,
        connection.credentials.get("api_key", ""),
        requests_per_second=settings.stripe_requests_per_second,
    )


def _span(days: set[date]) -> tuple[int, int]:
    return second_of(min(days)), second_of(max(days) + timedelta(days=1))


def _whose(connection: Connection) -> dict[str, str]:
    return {"workspace": str(connection.tenant), "connection": connection.id}


def _parts(ids: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
