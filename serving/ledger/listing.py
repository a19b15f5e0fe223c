"""How does a request become entries, a journal or balances?"""

from collections.abc import Mapping
from typing import Any

from core.clock import epoch_microseconds
from core.errors import NotFoundError
from serving.auth.scope import TenantScope
from serving.freshness import made_with_freshness
from serving.given import given_in
from serving.ledger import charts, queries
from serving.ledger.filters import BalanceFilters, EntriesPage
from serving.ledger.schemas import Journal, LedgerEntry, TrialBalance, balance_of, entry_of
from serving.lineage import lineage_of
from serving.pagination import Page, decode_position, encode_position, page_of
from serving.singling import the_only_one

_UNKNOWN = {"name": "", "type": "expense", "number": ""}


def list_entries(scope: TenantScope, filters: EntriesPage) -> Page[LedgerEntry]:
    """Return the page after the filters' cursor, or the first."""
    position = position_of(filters.cursor)
    rows = made_with_freshness(
        scope,
        queries.NEWEST,
        lambda _: scope.page(
            queries.entries(given_in(filters)),
            filters.parameters() | position | {"limit": filters.limit + 1},
        ),
    )
    return page_of(rows, filters.limit, entry_of, cursor_of)


def get_journal_of(scope: TenantScope, journal_id: str, connection_id: str | None) -> Journal:
    """Return one journal, with the raw objects behind it.

    Raises:
        NotFoundError: The workspace has none of this id.
        AmbiguousIdError: More than one connection has one.
    """
    asked = {"id": journal_id, "connection_id": connection_id or ""}
    rows = made_with_freshness(scope, queries.NEWEST, lambda _: scope.rows(queries.JOURNAL, asked))
    if not rows:
        raise NotFoundError(
            f"There is no journal {journal_id}.",
            next_step="GET /v1/ledger/entries lists what there is.",
        )
    of_each = list({row["connection_id"]: row for row in rows}.values())
    last = the_only_one(of_each, journal_id)
    return Journal(
        journal_id=journal_id, connection_id=last["connection_id"],
        journal_type=last["journal_type"], entries=[entry_of(row) for row in rows],
        lineage=lineage_of(
            scope, last["source_table"], last["source_id"], last["connection_id"]
        ),
    )  # fmt: skip


def trial_balance_of(scope: TenantScope, filters: BalanceFilters) -> TrialBalance:
    """Return every account's balance under the workspace's own names."""
    query = (
        queries.trial_balance(given_in(filters))
        if filters.is_of_whole_days
        else queries.TRIAL_BALANCE_AT_MOMENTS
    )
    found = made_with_freshness(
        scope, queries.NEWEST, lambda _: scope.rows(query, filters.parameters())
    )
    with scope.transaction() as rows:
        chart = {account.code: account.model_dump() for account in charts.chart_of(rows)}
    of_banks = bank_accounts(scope) if any(row["account_id"] for row in found) else {}
    return TrialBalance(
        data=[
            balance_of(
                row,
                chart.get(row["account_code"], {**_UNKNOWN, "number": row["account_code"]}),
                of_banks.get(row["account_id"], ""),
            )
            for row in found
        ]
    )


def bank_accounts(scope: TenantScope) -> dict[str, str]:
    """Return what the workspace's bank accounts are called, by id."""
    return {row["id"]: row["called"] for row in scope.rows(queries.BANK_ACCOUNTS, {})}


def names_of_accounts(scope: TenantScope) -> dict[str, list[str]]:
    """Return the workspace's chart as the trial balance's file is written with it."""
    with scope.transaction() as rows:
        chart = charts.chart_of(rows)
    of_banks = bank_accounts(scope)
    return {
        "accounts": list(of_banks),
        "called": list(of_banks.values()),
        "codes": [account.code for account in chart],
        "names": [account.name for account in chart],
        "types": [account.type for account in chart],
        "numbers": [account.number for account in chart],
    }


def position_of(cursor: str | None) -> dict[str, Any]:
    """Return where the page begins: behind the entry that the cursor names."""
    at, journal, connection, revision, reversal, number = (
        (0, "", "", 0, 0, 0)
        if cursor is None
        else decode_position(cursor, int, str, str, int, int, int)
    )
    return {
        "after_first": -(at // 1_000),
        "after_journal": journal, "after_connection": connection,
        "after_revision": revision & 0xFFFFFFFF, "after_reversal": bool(reversal),
        "after_number": number & 0xFFFF,
    }  # fmt: skip


def cursor_of(row: Mapping[str, Any]) -> str:
    """Return the cursor behind an entry."""
    return encode_position(
        epoch_microseconds(row["effective_at"]), row["journal_id"], row["connection_id"],
        row["revision"], int(row["is_reversal"]), row["entry_number"],
    )  # fmt: skip
