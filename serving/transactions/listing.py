"""How does a request become a page of transactions? Filters to parameters, rows to a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import epoch_microseconds
from serving.auth.scope import TenantScope
from serving.freshness import tell_freshness
from serving.pagination import Cursor, Page, page_of
from serving.times import EARLIEST, LATEST
from serving.transactions import queries
from serving.transactions.schemas import Transaction, transaction_of


@dataclass(frozen=True, slots=True)
class Filters:
    """What the caller wants to see; None is everything."""

    provider: str | None = None
    status: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Return the query's parameters."""
        return {
            "provider": self.provider or "",
            "status": self.status or "",
            "type": self.type or "",
            "since": epoch_microseconds(self.since or EARLIEST),
            "until": epoch_microseconds(self.until or LATEST),
        }


def list_transactions(
    scope: TenantScope, filters: Filters, *, limit: int, cursor: str | None
) -> Page[Transaction]:
    """Return the page after `cursor`, or the first."""
    tell_freshness(scope, queries.NEWEST)
    parameters = filters.parameters() | _position(cursor) | {"limit": limit + 1}
    rows = scope.rows(queries.PAGE, parameters)
    return page_of(rows, limit, transaction_of, _cursor_of)


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
