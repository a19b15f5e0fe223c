"""Are the tables that the API reads the ledger from the ledger, and does a page stop early?"""

from collections.abc import Mapping
from typing import Any

import pytest

from core.tenancy import TenantId
from core.warehouse import IN_SMALL_PIECES, Warehouse, bound_settings
from serving.given import given_in
from serving.ledger import queries
from serving.ledger.filters import BalanceFilters, EntriesPage
from serving.ledger.listing import cursor_of, position_of
from tests.dbt.company import WORKSPACE, Company

TENANT = TenantId(WORKSPACE)
PLACE = "journal_id, connection_id, revision, is_reversal, entry_number"
FILTERS: list[dict[str, Any]] = [
    {},
    {"account_code": "1010", "currency": "EUR"},
    {"journal_type": "revenue", "since": "2026-03-05", "until": "2026-04-07T12:00:00Z"},
    {"known_at": "2026-01-01"},
]


@pytest.fixture(scope="module")
def ledger(built: Warehouse, company: Company) -> Warehouse:
    return built


def test_entries_by_time_and_by_day_are_the_entries(ledger: Warehouse) -> None:
    """Of every workspace that any test has filled, to the last column."""
    columns = (
        "workspace_id, connection_id, journal_id, revision, is_reversal, entry_number,"
        " journal_type, account_code, account_id, currency, amount_minor, debit_minor,"
        " credit_minor, effective_at, recorded_at, source_table, source_id, source_version"
    )
    cell = "workspace_id, connection_id, account_code, account_id, currency"
    days = "toDate(effective_at) as effective_on, toDate(recorded_at) as recorded_on"
    sums = (
        "count() as entries, sum(debit_minor) as debits_minor, sum(credit_minor) as credits_minor,"
        " sum(amount_minor) as moved_minor, max(effective_at) as moved_at,"
        " max(recorded_at) as newest_at"
    )
    entries = "from marts.fct_ledger_entries final"
    alike = {
        f"select {columns} {entries}":
            f"select {columns} from marts.fct_ledger_entries_by_time final",
        f"select {cell}, {days}, {sums} {entries} group by all":
            f"select {cell}, effective_on, recorded_on, entries, debits_minor, credits_minor,"
            " moved_minor, moved_at, newest_at from marts.fct_ledger_days final",
    }  # fmt: skip
    for plain, told in alike.items():
        assert ledger.rows(f"select count() > 1000 as many from ({plain})") == [{"many": True}]
        for one, other in ((plain, told), (told, plain)):
            left = f"select count() as rows from (({one}) except ({other}))"
            assert ledger.rows(left) == [{"rows": 0}], one


def pages(warehouse: Warehouse, asked: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    filters = EntriesPage(**asked)
    walked: list[dict[str, Any]] = []
    cursor = None
    while True:
        values = filters.parameters() | position_of(cursor) | {"limit": limit}
        given = given_in(filters) | ({"cursor"} if cursor else frozenset())
        rows = warehouse.tenant_rows(TENANT, queries.entries(given), values)
        walked += rows
        if len(rows) < limit:
            return walked
        cursor = cursor_of(rows[-1])


@pytest.mark.parametrize("asked", FILTERS)
def test_pages_are_the_plain_statement_in_order(
    ledger: Warehouse, asked: Mapping[str, Any]
) -> None:
    plain = ledger.rows(
        f"select {PLACE}, amount_minor from marts.fct_ledger_entries final"
        " where workspace_id = {workspace:String} and ({account:String} = '' or account_code ="
        " {account:String}) and ({currency:String} = '' or currency = {currency:String})"
        " and ({type:String} = '' or journal_type = {type:String})"
        " and effective_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')"
        " and effective_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')"
        " and recorded_at < parseDateTime64BestEffort({known_at:String}, 3, 'UTC')"
        f" order by effective_at desc, {PLACE}",
        {
            "workspace": WORKSPACE, "account": asked.get("account_code", ""),
            "currency": asked.get("currency", ""), "type": asked.get("journal_type", ""),
            "since": asked.get("since", "1990-01-01"), "until": asked.get("until", "2200-01-01"),
            "known_at": asked.get("known_at", "2200-01-01"),
        },
    )  # fmt: skip
    assert (len(plain) > 100) is ("known_at" not in asked)
    told = pages(ledger, asked, max(len(plain) // 3, 100))
    assert [{name: row[name] for name in plain[0]} for row in told] == plain if plain else not told


def test_a_page_reads_no_more_than_itself_whatever_the_ledger_holds(ledger: Warehouse) -> None:
    """As the API asks for one: in small pieces, from the newest on, and from a cursor on."""
    held = ledger.rows(
        "select count() as rows from marts.fct_ledger_entries where workspace_id = {w:String}",
        {"w": WORKSPACE},
    )[0]["rows"]
    # Some pieces of each part are read: of how many a run has left is not what is asked here.
    ledger.command("optimize table marts.fct_ledger_entries_by_time final")
    cursor = cursor_of(pages(ledger, {}, 5_000)[-held // 2])
    for given, at in (((), None), (("cursor",), cursor)):
        query = queries.entries(frozenset(given))
        result = ledger.client.query(
            query.sql,
            parameters=EntriesPage().parameters() | position_of(at) | {"limit": 101},
            settings=bound_settings(query, TENANT, seconds=None) | IN_SMALL_PIECES,
        )
        assert result.row_count == 101
        assert int(result.summary["read_rows"]) < held / 5


def test_balances_of_days_and_of_moments_are_the_same(ledger: Warehouse) -> None:
    asked: Mapping[str, Any]
    for asked in ({}, {"until": "2026-03-01"}, {"currency": "EUR", "account_code": "1010"}):
        filters = BalanceFilters(**asked)
        told = [
            ledger.tenant_rows(TENANT, query, filters.parameters())
            for query in (
                queries.trial_balance(given_in(filters)),
                queries.TRIAL_BALANCE_AT_MOMENTS,
            )
        ]
        assert told[0] == told[1] != []
