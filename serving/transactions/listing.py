"""How does a request become transactions? Filters to parameters, rows to a page or to one."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from fastapi import Response

from core.clock import epoch_microseconds
from core.errors import InvalidInputError, NotFoundError
from core.tenancy import TenantId
from serving.auth.scope import TenantScope
from serving.caching import cached, question_of
from serving.freshness import tell_freshness
from serving.lineage import lineage_of
from serving.pagination import decode_position, encode_position, page_of
from serving.singling import the_only_one
from serving.transactions import enrichments, queries
from serving.transactions.filters import Sort, TransactionsPage
from serving.transactions.newest import Position, newest
from serving.transactions.schemas import (
    TransactionWithLineage,
    transaction_of,
    transaction_with_lineage,
)
from serving.transactions.whole import Line, row_of, shown

NEWEST_FIRST: Sort = "-occurred_at"
_ENCODER = msgspec.json.Encoder()
_ENVELOPE = {"has_more": True, "next_cursor": True}


def list_transactions(scope: TenantScope, filters: TransactionsPage) -> Response:
    """Answer with the page after the filters' cursor, or the first."""
    position = position_of(filters)
    by_finding = filters.category is not None and scope.has_table(enrichments.TABLE)
    question = question_asked(scope.tenant, filters, position)
    if by_finding or filters.sort != NEWEST_FIRST:
        state = tell_freshness(scope, queries.NEWEST)
        make = partial(_other_page, scope, filters, position, by_finding=by_finding)
    else:
        found = scope.transactions_state()
        state = found.text
        make = partial(_newest_page, scope, filters, position, may_displace=found.may_displace)
    if filters.enrich or by_finding:
        state = f"{state}|{enrichments.state(scope)}"
    return cached(scope, question, state, make)


def question_asked(
    tenant: TenantId, filters: TransactionsPage, position: Mapping[str, Any]
) -> bytes:
    """Return what stands for a list of transactions: everything but the data."""
    asked = filters.parameters() | {
        **position, "limit": filters.limit, "sort": filters.sort,
        "fields": sorted(filters.wanted_fields() or ()), "enrich": filters.enrich,
    }  # fmt: skip
    return question_of(tenant, "list_transactions", asked)


def page_of_lines(lines: list[Line], limit: int) -> dict[str, Any]:
    """Return what `serving.pagination.Page` is, of lines."""
    has_more = len(lines) > limit
    cursor = None
    if has_more:
        last = lines[limit - 1]
        cursor = cursor_at(last.newest_first, last.id, last.connection_id)
    return {
        "data": [shown(line) for line in lines[:limit]],
        "has_more": has_more,
        "next_cursor": cursor,
    }


def cursor_at(newest_first: int, transaction_id: str, connection_id: str) -> str:
    """Return the cursor of the page behind a place."""
    return encode_position(-newest_first * 1000, transaction_id, connection_id)


def _newest_page(
    scope: TenantScope,
    filters: TransactionsPage,
    position: dict[str, Any],
    *,
    may_displace: bool,
) -> bytes:
    after = place_after(position)
    lines = newest(scope, filters, after, filters.limit + 1, may_displace=may_displace)
    if filters.enrich or filters.fields is not None:
        return _page(scope, filters, [row_of(line) for line in lines])
    return _ENCODER.encode(page_of_lines(lines, filters.limit))


def _other_page(
    scope: TenantScope,
    filters: TransactionsPage,
    position: dict[str, Any],
    *,
    by_finding: bool,
) -> bytes:
    """Return a page in another order, or of a category that enrichment may have found."""
    parameters = filters.parameters() | position | {"limit": filters.limit + 1}
    pages = queries.PAGES
    if by_finding:
        parameters |= enrichments.corrected_category(scope, filters.category or "")
        pages = queries.PAGES_OF_CATEGORY
    return _page(scope, filters, scope.rows(pages[filters.sort], parameters))


def _page(
    scope: TenantScope, filters: TransactionsPage, rows: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return a page of rows: enriched, or with some of their fields."""
    shape = enrichments.shape_of(scope, rows) if filters.enrich else transaction_of
    page = page_of(rows, filters.limit, shape, _cursor_of(filters.sort))
    fields = filters.wanted_fields()
    include: Any = None if fields is None else {"data": {"__all__": fields}, **_ENVELOPE}
    return page.model_dump_json(include=include).encode()


def get_transaction(
    scope: TenantScope, transaction_id: str, connection_id: str | None
) -> TransactionWithLineage:
    """Return one transaction and the raw states behind it.

    Raises:
        NotFoundError: The workspace has none of this id.
        AmbiguousIdError: More than one connection has one.
    """
    tell_freshness(scope, queries.NEWEST)
    found = scope.rows(queries.ONE, {"id": transaction_id, "connection_id": connection_id or ""})
    if not found:
        raise NotFoundError(
            f"There is no transaction {transaction_id}.",
            next_step="GET /v1/transactions lists those there are.",
        )
    row = the_only_one(found, transaction_id)
    lineage = lineage_of(scope, row["source_table"], row["source_id"], row["connection_id"])
    return transaction_with_lineage(row, lineage)


def position_of(filters: TransactionsPage) -> dict[str, Any]:
    """Return where the page begins: behind the row that the cursor names.

    Raises:
        InvalidInputError: The cursor is not one that this list has given.
    """
    sort, cursor = filters.sort, filters.cursor
    value, after_id, connection = 0, "", ""
    if cursor is not None and sort == NEWEST_FIRST:
        value, after_id, connection = decode_position(cursor, int, str, str)
    elif cursor is not None:
        of, value, after_id, connection = decode_position(cursor, str, int, str, str)
        if of != sort:
            raise InvalidInputError(
                f"The cursor is of the order {of[:20]}.", next_step="Send the same sort as before."
            )
    return {
        "is_first": cursor is None,
        "after_value": value,
        "after_id": after_id,
        "after_connection": connection,
    }


def place_after(position: Mapping[str, Any]) -> Position | None:
    """Return the place in `unified.transactions_by_time` that a page begins behind."""
    if position["is_first"]:
        return None
    moment = -(position["after_value"] // 1000)
    return moment, position["after_id"], position["after_connection"]


def _cursor_of(sort: Sort) -> Callable[[Mapping[str, Any]], str]:
    def of(row: Mapping[str, Any]) -> str:
        is_by_time = sort.endswith("occurred_at")
        value = epoch_microseconds(row["occurred_at"]) if is_by_time else int(row["amount_minor"])
        order = () if sort == NEWEST_FIRST else (sort,)
        return encode_position(*order, value, row["id"], row["connection_id"])

    return of
