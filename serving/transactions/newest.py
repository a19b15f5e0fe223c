"""How are the newest transactions read? From `unified.transactions_by_time`, page by page.

The table is in the list's own order, so that a page costs the same in a workspace of a thousand
rows and of ten million. A query names only the filters that were given. Where a transaction may
stand at more moments than its own (a bank has moved it, a removal knew no moment), the ids of the
page are looked up once more, and what is not at its newest place is left out.
"""

from collections.abc import Generator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope
from serving.transactions.filters import TransactionFilters
from serving.transactions.whole import Line

_WANTED = {
    "provider": "provider = {provider:String}",
    "status": "status = {status:String}",
    "type": "type = {type:String}",
    "connection_id": "connection_id = {connection_id:String}",
    "account_id": "account_id = {account_id:String}",
    "customer_id": "customer_id = {customer_id:String}",
    "currency": "currency = {currency:String}",
    "category": "lowerUTF8(provider_category) = lowerUTF8({category:String})",
    "search": "positionCaseInsensitiveUTF8(concat(id, '\\n', ifNull(description, ''), '\\n',"
    " ifNull(counterparty, '')), {search:String}) > 0",
    "amount_from": "amount_minor >= {amount_from:Int64}",
    "amount_to": "amount_minor <= {amount_to:Int64}",
    "pending": "(status in ('pending', 'authorized')) = {pending:Bool}",
    "since": "newest_first <= {since:Int64}",
    "until": "newest_first >= {until:Int64}",
    "after": "newest_first >= {after_moment:Int64} and (newest_first, id, connection_id) > ("
    "{after_moment:Int64}, {after_id:String}, {after_connection:String})",
}
_PLACES = TenantQuery(
    """
    select connection_id, id, argMax(newest_first, (version, landed_at))
    from unified.transactions_by_time
    where connection_id in {connections:Array(String)} and id in {ids:Array(String)}
    group by connection_id, id
    """
)
_LINES = msgspec.json.Decoder(Line)
_PLACE = msgspec.json.Decoder(tuple[str, str, int])
Position = tuple[int, str, str]
Steps = Generator[tuple[TenantQuery, dict[str, Any]], bytes, list[Line]]


@lru_cache(maxsize=1000)
def page_query(given: tuple[str, ...]) -> TenantQuery:
    """Return the query of a page with these filters."""
    conditions = " and ".join(_WANTED[name] for name in given) or "true"
    return TenantQuery(
        f"""
        select newest_first, id, connection_id, version, whole
        from unified.transactions_by_time final
        where {conditions}
        order by workspace_id, newest_first, id, connection_id
        limit {{limit:UInt32}}
        """
    )


def newest(
    scope: TenantScope,
    filters: TransactionFilters,
    after: Position | None,
    limit: int,
    *,
    may_displace: bool,
) -> list[Line]:
    """Return so many transactions, the newest first, behind a position."""
    asking = steps(wanted_of(filters), after, limit, may_displace=may_displace)
    query, parameters = next(asking)
    while True:
        try:
            query, parameters = asking.send(scope.lines(query, parameters))
        except StopIteration as end:
            return list(end.value)


def steps(
    wanted: Mapping[str, Any], after: Position | None, limit: int, *, may_displace: bool
) -> Steps:
    """Ask for so many transactions behind a position: yield each query, be sent its lines.

    Args:
        wanted: Of `wanted_of`.
        after: The position; None for the beginning.
        limit: How many.
        may_displace: Whether a transaction may stand at more moments than its own.
    """
    found: list[Line] = []
    while True:
        behind = {} if after is None else dict(zip(_AFTER, after, strict=True))
        given = (*wanted, "after") if behind else tuple(wanted)
        asked = limit - len(found)
        lines = yield page_query(given), {**wanted, **behind, "limit": asked}
        page = [_LINES.decode(line) for line in lines.splitlines()]
        if may_displace and page:
            places = yield _PLACES, _places_asked(page)
            found += _at_their_place(page, places)
        else:
            found += page
        if len(page) < asked or len(found) == limit:
            return found
        after = page[-1].newest_first, page[-1].id, page[-1].connection_id


_AFTER = ("after_moment", "after_id", "after_connection")


def _places_asked(page: Sequence[Line]) -> dict[str, Any]:
    return {
        "connections": sorted({line.connection_id for line in page}),
        "ids": [line.id for line in page],
    }


def _at_their_place(page: Sequence[Line], lines: bytes) -> list[Line]:
    places = {(c, i): place for c, i, place in map(_PLACE.decode, lines.splitlines())}
    return [
        line
        for line in page
        if places.get((line.connection_id, line.id), line.newest_first) == line.newest_first
    ]


def wanted_of(filters: TransactionFilters) -> dict[str, Any]:
    """Return what was asked for, by the name of its condition."""
    every = filters.parameters()
    given = {name: value for name, value in every.items() if value != _NEUTRAL[name]}
    if "pending" in given:
        given["pending"] = filters.pending
    # A moment between two milliseconds: the table knows only whole ones.
    if "since" in given:
        given["since"] = -_milliseconds_from(every["since"])
    if "until" in given:
        given["until"] = 1 - _milliseconds_from(every["until"])
    return given


_NEUTRAL = TransactionFilters().parameters()


def _milliseconds_from(microseconds: int) -> int:
    """Return the first whole millisecond that is not before."""
    return -(-microseconds // 1000)
