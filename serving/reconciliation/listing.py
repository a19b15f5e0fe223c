"""How does a request become matches? Filters to parameters, rows to a page or to one walk."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from core.errors import InvalidInputError, NotFoundError
from serving.auth.scope import TenantScope
from serving.freshness import made_with_freshness
from serving.given import given_in
from serving.pagination import Page, decode_position, encode_position, page_of
from serving.reconciliation import queries
from serving.reconciliation.filters import MatchesPage
from serving.reconciliation.schemas import (
    BankLine,
    Document,
    Match,
    PayoutLines,
    PayoutWalk,
    match_of,
)
from serving.singling import the_only_one

# The range of ClickHouse's Date32.
_EARLIEST, _LATEST = date(1900, 1, 1), date(2299, 12, 31)
Kind = Literal["payouts", "deposits", "entries"]


def list_matches(kind: Kind, scope: TenantScope, filters: MatchesPage) -> Page[Match]:
    """Return the page after the filters' cursor, or the first, newest day first."""
    asked = filters.parameters() | position_of(filters.cursor) | {"limit": filters.limit + 1}
    rows = made_with_freshness(
        scope,
        queries.NEWEST[kind],
        lambda _: scope.rows(queries.page(kind, given_in(filters)), asked),
    )
    return page_of(rows, filters.limit, match_of, _cursor_of)


def walk(scope: TenantScope, payout_id: str, connection_id: str | None) -> PayoutWalk:
    """Return one payout with what it was made of, its bank lines and its documents.

    Raises:
        NotFoundError: The workspace has none of this id.
        AmbiguousIdError: More than one connection has one.
    """
    asked = {"id": payout_id, "connection_id": connection_id or ""}
    found = made_with_freshness(
        scope, queries.NEWEST["payouts"], lambda _: scope.rows(queries.PAYOUT, asked)
    )
    if not found:
        raise NotFoundError(
            f"There is no payout {payout_id}.",
            next_step="GET /v1/reconciliation/payouts lists those there are.",
        )
    match = match_of(the_only_one(found, payout_id))
    lines = scope.rows(queries.LINES, {"id": payout_id, "connection_id": match.connection_id})
    net = sum(line["net_minor"] for line in lines)
    return PayoutWalk(
        **match.model_dump(),
        lines=[PayoutLines(**line) for line in lines],
        residual_minor=net - match.amount_minor if lines else None,
        bank_lines=[
            BankLine(journal_id=f"bank:{row['id']}", **row)
            for row in _named(scope, queries.DEPOSITS, match.deposits)
        ],
        documents=[Document(**row) for row in _named(scope, queries.ENTRIES, match.entries)],
    )


def _named(scope: TenantScope, query: Any, things: list[Any]) -> list[dict[str, Any]]:
    """The rows of the things that a match names; ids alone are not unique."""
    if not things:
        return []
    wanted = {(thing.connection_id, thing.id) for thing in things}
    rows = scope.rows(query, {"ids": sorted({thing.id for thing in things})})
    return [row for row in rows if (row["connection_id"], row["id"]) in wanted]


def position_of(cursor: str | None) -> dict[str, Any]:
    """Return where the page begins: behind the row that the cursor names."""
    day, identity, connection, account = (
        ("1970-01-01", "", "", "")
        if cursor is None
        else decode_position(cursor, str, str, str, str)
    )
    try:
        after_on = date.fromisoformat(day)
        if not _EARLIEST <= after_on <= _LATEST:
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            "The cursor is not one that this list has given.",
            next_step="Send next_cursor as it was received, or leave it out to start over.",
        ) from None
    return {
        "after_on": after_on, "after_id": identity,
        "after_connection": connection, "after_account": account,
    }  # fmt: skip


def _cursor_of(row: Mapping[str, Any]) -> str:
    return encode_position(
        row["happened_on"].isoformat(), row["id"], row["connection_id"], row["account_id"]
    )
