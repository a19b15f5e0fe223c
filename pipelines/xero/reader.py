"""How is one Xero organisation visited? Its lists side by side, each a page at a time.

A connection's memory is plain JSON, committed with the rows that it speaks of:

    {"job": "<window and names>", "since": {"invoice": 1790000000, …},
     "lists": {"invoice": {"begun": 1790000300, "since": 1789999700, "page": 3}},
     "journals": 4711, "spent": [<when requests left>], "day": {"left": 4000, "at": 1790000300}}

`lists` is what is left to read; a list that failed stays and is tried again by the next run. Pages
are ordered by the objects' ids: an object that changes meanwhile does not move, one that comes
in between moves others to a later page, so nothing is missed.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from core.clock import epoch_microseconds, utc_now
from linking.xero import refreshed
from pipelines.reading import Memory, Visit
from pipelines.together import together
from pipelines.tokens import TokenKeeper
from pipelines.window import EVERYTHING, Window
from pipelines.xero.limits import AT_ONCE, Allowance, Budget
from pipelines.xero.objects import BY_OBJECT, Listing
from pipelines.xero.organisation import PAGE_SIZE, Organisation

OVERLAP = 300  # clocks differ, and a change may become visible after its own time


async def read(visit: Visit, application: Budget) -> bool:
    """Read what is left of one organisation; returns whether that was everything."""
    memory = visit.memory
    if visit.is_first:
        plan(memory, visit.names, visit.window, epoch_microseconds(utc_now()) // 1_000_000)
    keeper = TokenKeeper(visit.settings, visit.connection, refreshed)
    at_once = asyncio.Semaphore(AT_ONCE)
    try:
        async with Organisation(
            visit.connection, keeper, Allowance(memory, application)
        ) as organisation:
            done = await together(
                visit.part(name, _list(visit, organisation, BY_OBJECT[name], at_once))
                for name in list(memory["lists"])
                if name not in visit.fate.failed
            )
    finally:
        visit.fate.connection = keeper.connection
    for name in visit.fate.skipped:
        memory["lists"].pop(name, None)
    if all(done):
        memory.pop("job", None)
    return all(done)


def plan(memory: Memory, names: frozenset[str], window: Window | None, now: int) -> None:
    """Write into `memory` what a run shall read; what an interrupted run left is kept."""
    lists: Memory = memory.setdefault("lists", {})
    if window is not None:
        job = f"{window.since_at}-{window.until_at} {','.join(sorted(names))}"
        if memory.get("job") == job and lists:
            return
        memory["job"] = job
        lists.clear()
    since: Mapping[str, int] = memory.get("since", {})
    for name, listing in BY_OBJECT.items():
        last = since.get(name) if window is None else None
        rests = last is not None and now - last < listing.rest_seconds
        if name in names and name not in lists and not rests:
            known = last if listing.knows_changes else None
            lists[name] = {
                "begun": now,
                "since": known - OVERLAP if known is not None else 0,
                "page": 1,
                "where": _where(window or EVERYTHING, listing.date),
            }
            if listing.paging == "offset" and window is not None:
                memory.pop("journals", None)


async def _list(
    visit: Visit, organisation: Organisation, listing: Listing, at_once: asyncio.Semaphore
) -> bool:
    """Read one list from where it was left; returns whether it came to its end."""
    memory = visit.memory
    left: Memory = memory["lists"][listing.object]
    since = _http_moment(left["since"]) if left["since"] else ""
    while not visit.is_full():
        if listing.paging == "offset":
            query: dict[str, str | int] = {"offset": int(memory.get("journals", 0))}
            async with at_once:
                page = await organisation.page(listing, query)
            memory["journals"] = max(page.last_number, int(memory.get("journals", 0)))
        else:
            async with at_once:
                page = await organisation.page(listing, _query(listing, left), since)
        await visit.land(listing.object, page.rows)
        left["page"] += 1
        if page.is_last:
            if not left["where"]:
                memory.setdefault("since", {})[listing.object] = left["begun"]
            del memory["lists"][listing.object]
            return True
    return False


def _query(listing: Listing, left: Memory) -> dict[str, str | int]:
    query: dict[str, str | int] = {"where": left["where"]} if left["where"] else {}
    if listing.paging == "page":
        query |= {"page": left["page"], "pageSize": PAGE_SIZE, "order": f"{listing.key} ASC"}
    return query


def _where(window: Window, date: str) -> str:
    """Return a filter by the document's date, which is a day: the window's ends are included."""
    if not date:
        return ""
    parts = []
    if window.since_at:
        parts.append(f"{date} >= DateTime({window.since_at:%Y, %m, %d})")
    if window.until_at:
        parts.append(f"{date} <= DateTime({window.until_at:%Y, %m, %d})")
    return " AND ".join(parts)


def _http_moment(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
