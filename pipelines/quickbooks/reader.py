"""How is one QuickBooks company visited? Changes first, then lists, then removals nobody reported.

Pages overlap by one object: a page must begin with the object that ended the one before. When it
does not, objects were removed meanwhile and the rest moved forward, so the page before is read
again and nothing is missed.
"""

import asyncio

import msgspec

from core.clock import epoch_microseconds, utc_now
from core.warehouse import Warehouse
from linking.quickbooks import refreshed
from pipelines.batches import RawObject
from pipelines.http_client import ProviderClient
from pipelines.quickbooks.company import (
    MOST_CHANGES,
    PAGE,
    PATIENCE,
    Company,
    ceiling_of,
    refusal,
)
from pipelines.quickbooks.objects import BY_NAME, Entity
from pipelines.quickbooks.pages import IncompleteAnswerError
from pipelines.quickbooks.plan import finish, overflowed, plan
from pipelines.raw import RawTable
from pipelines.reading import Memory, Visit
from pipelines.together import together
from pipelines.tokens import TokenKeeper

_MOST_SHIFTS = 20
_SWEPT_AT_ONCE = 200

_HELD = """
select id from {table} final
where workspace_id = {{workspace:String}} and connection_id = {{connection:String}}
    and id > {{after:String}} and not startsWith(id, 'sha256_')
order by id limit {limit}
"""


async def read(visit: Visit) -> bool:
    """Read what is left of one company; returns whether that was everything."""
    memory, connection = visit.memory, visit.connection
    if visit.is_first:
        now = epoch_microseconds(utc_now()) // 1_000_000
        plan(memory, visit.names, visit.window, now, is_new=visit.is_new)
    keeper = TokenKeeper(visit.settings, connection, refreshed)
    try:
        realm = connection.provider_account_id
        ceiling = ceiling_of(connection.api_url, realm)
        async with ProviderClient(
            connection.api_url, keeper, refusal, PATIENCE, ceiling=ceiling
        ) as client:
            company = Company(client, realm)
            await _changes(visit, company)
            done = await together(
                visit.part(BY_NAME[left["entity"]].object, _list(visit, company, left))
                for left in list(memory.get("lists", ()))
                if BY_NAME[left["entity"]].object not in visit.fate.failed
            )
            if not all(done) or not await _sweep(visit, company):
                return False
    finally:
        visit.fate.connection = keeper.connection
    finish(memory)
    return True


async def _changes(visit: Visit, company: Company) -> None:
    """Ask for changes; what does not fit one answer is asked for by fewer entities."""
    asked = visit.memory.get("ask")
    while asked and asked["groups"]:
        names: list[str] = asked["groups"][-1]
        found = await company.changes(names, asked["since"])
        is_full = sum(map(len, found.values())) >= MOST_CHANGES
        asked["groups"].pop()
        if is_full and len(names) > 1:
            half = len(names) // 2
            asked["groups"] += [names[:half], names[half:]]
            continue
        for name, rows in found.items():
            if name in BY_NAME:
                await visit.land(BY_NAME[name].object, rows)
        if is_full:
            overflowed(visit.memory, names[0], asked["since"])


async def _list(visit: Visit, company: Company, left: Memory) -> bool:
    """Read one list from where it was left; returns whether it came to its end."""
    entity = BY_NAME[left["entity"]]
    shifts = 0
    while not visit.is_full():
        rows = await company.query(entity, where=left["where"], position=left["position"])
        fresh = rows
        if left["last"]:
            if not rows or rows[0].id != left["last"]:
                shifts += 1
                if shifts > _MOST_SHIFTS:
                    raise IncompleteAnswerError(f"The list of {entity.name} does not hold still.")
                left["position"], left["last"] = max(1, left["position"] - PAGE + 1), ""
                continue
            fresh = rows[1:]
        await visit.land(entity.object, fresh)
        if len(rows) < PAGE:
            visit.memory["lists"].remove(left)
            return True
        left["position"], left["last"] = left["position"] + PAGE - 1, rows[-1].id
    return False


async def _sweep(visit: Visit, company: Company) -> bool:
    """Bury what the warehouse holds and the company does not know any more."""
    sweeps: dict[str, str] = visit.memory.get("sweeps", {})
    for name in list(sweeps):
        entity = BY_NAME[name]
        while entity.object in visit.names:
            if visit.is_full():
                return False
            held = await asyncio.to_thread(_held, visit, entity, sweeps[name])
            if not held:
                break
            gone = await _gone(company, entity, held)
            await visit.land(entity.object, gone)
            sweeps[name] = held[-1]
        del sweeps[name]
    return True


async def _gone(company: Company, entity: Entity, held: list[str]) -> list[RawObject]:
    quoted = ", ".join(f"'{identity}'" for identity in held if "'" not in identity)
    version = epoch_microseconds(utc_now())
    known = {row.id for row in await company.query(entity, where=f"Id IN ({quoted})", fields="Id")}
    return [
        RawObject(
            identity, version, is_deleted=True,
            payload=msgspec.json.encode({"domain": "QBO", "status": "Deleted", "Id": identity}),
        )
        for identity in held
        if identity not in known
    ]  # fmt: skip


def _held(visit: Visit, entity: Entity, after: str) -> list[str]:
    """Return the next ids that the warehouse holds as living, in their order."""
    warehouse = Warehouse.connect(visit.settings)
    try:
        rows = warehouse.rows(
            _HELD.format(table=RawTable("quickbooks", entity.object).name, limit=_SWEPT_AT_ONCE),
            {
                "workspace": str(visit.connection.tenant),
                "connection": visit.connection.id,
                "after": after,
            },
        )
    finally:
        warehouse.close()
    return [str(row["id"]) for row in rows]
