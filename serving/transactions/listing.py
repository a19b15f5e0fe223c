"""How does a request become transactions? Filters to parameters, rows to a page or to one."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response

from core.clock import epoch_microseconds
from core.errors import InvalidInputError, NotFoundError
from serving.auth.scope import TenantScope
from serving.caching import cached
from serving.freshness import tell_freshness
from serving.lineage import lineage_of
from serving.pagination import Page, decode_position, encode_position, page_of
from serving.singling import the_only_one
from serving.transactions import enrichments, queries
from serving.transactions.filters import Sort, TransactionsPage
from serving.transactions.schemas import (
    Transaction,
    TransactionWithLineage,
    transaction_of,
    transaction_with_lineage,
)

_ENVELOPE = {"has_more": True, "next_cursor": True}


def list_transactions(scope: TenantScope, filters: TransactionsPage) -> Response:
    """Answer with the page after the filters' cursor, or the first."""
    position = _position(filters.sort, filters.cursor)
    parameters = filters.parameters() | position | {"limit": filters.limit + 1}
    fields = filters.wanted_fields()
    asked = parameters | {"sort": filters.sort, "fields": sorted(fields or ())}

    by_finding = filters.category is not None and scope.has_table(enrichments.TABLE)
    if filters.enrich or by_finding:
        asked["enrichments"] = enrichments.state(scope)

    def make() -> Page[Transaction]:
        if by_finding:
            parameters.update(enrichments.corrected_category(scope, filters.category or ""))
            rows = scope.rows(queries.PAGES_OF_CATEGORY[filters.sort], parameters)
        else:
            rows = scope.rows(queries.PAGES[filters.sort], parameters)
        shape = enrichments.shape_of(scope, rows) if filters.enrich else transaction_of
        return page_of(rows, filters.limit, shape, _cursor_of(filters.sort))

    return cached(
        scope, "list_transactions", asked, queries.NEWEST, make,
        include=None if fields is None else {"data": {"__all__": fields}, **_ENVELOPE},
    )  # fmt: skip


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


def _position(sort: Sort, cursor: str | None) -> dict[str, Any]:
    """Return where the page begins: behind the row that the cursor names."""
    value, after_id, connection = 0, "", ""
    if cursor is not None and sort == "-occurred_at":
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


def _cursor_of(sort: Sort) -> Callable[[Mapping[str, Any]], str]:
    def of(row: Mapping[str, Any]) -> str:
        is_by_time = sort.endswith("occurred_at")
        value = epoch_microseconds(row["occurred_at"]) if is_by_time else int(row["amount_minor"])
        order = () if sort == "-occurred_at" else (sort,)
        return encode_position(*order, value, row["id"], row["connection_id"])

    return of
