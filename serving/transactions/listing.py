"""How does a request become transactions? Filters to parameters, rows to a page or to one."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from core.clock import epoch_microseconds
from core.errors import NotFoundError
from serving.auth.scope import TenantScope
from serving.caching import cached
from serving.freshness import tell_freshness
from serving.pagination import Cursor, Page, page_of
from serving.singling import the_only_one
from serving.times import LATEST
from serving.transactions import queries
from serving.transactions.filters import TransactionsPage
from serving.transactions.schemas import (
    Transaction,
    TransactionWithLineage,
    transaction_of,
    transaction_with_lineage,
)

SHOWN_STATES = 20


def list_transactions(scope: TenantScope, filters: TransactionsPage) -> Response:
    """Answer with the page after the filters' cursor, or the first."""
    parameters = filters.parameters() | _position(filters.cursor) | {"limit": filters.limit + 1}

    def make() -> Page[Transaction]:
        rows = scope.rows(queries.PAGE, parameters)
        return page_of(rows, filters.limit, transaction_of, _cursor_of)

    return cached(scope, "list_transactions", parameters, queries.NEWEST, make)


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
    source = {"id": row["source_id"], "connection_id": row["connection_id"]}
    states = scope.rows(queries.raw_states(row["source_table"]), source | {"limit": SHOWN_STATES})
    return transaction_with_lineage(row, list(states))


def _position(cursor: str | None) -> dict[str, Any]:
    after = Cursor(LATEST, ("", "")) if cursor is None else Cursor.decode(cursor, names=2)
    after_id, after_connection = after.name
    return {
        "after_at": epoch_microseconds(after.moment),
        "after_id": after_id,
        "after_connection": after_connection,
    }


def _cursor_of(row: Mapping[str, Any]) -> Cursor:
    return Cursor(row["occurred_at"], (row["id"], row["connection_id"]))
