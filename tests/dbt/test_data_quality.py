"""What do the project's own tests of conservation find, and what do they let pass? By hand.

They are run over rows that are sound and over the same rows with one thing wrong: a test that finds
nothing in the second is worth nothing.
"""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from assets.activity import DAYS, read_series
from assets.data_docs import found_words, in_words
from assets.expectation_batches import open_source
from assets.expected_volumes import validate_volumes
from assets.source_freshness import read_freshness
from assets.suites import Suite
from core.clock import utc_now
from core.settings import Settings
from core.warehouse import Warehouse

CHANGE = "bank_lines_add_up_to_the_change_of_balance"
LINES = "every_bank_line_is_unified_once_or_rejected"
BOOKS = "every_accounting_document_is_unified_once_or_rejected"
# The sixth of November is a day of many lines: the balance of that day was read in its middle.
BALANCES = {"2026-11-02": "100.00", "2026-11-04": "57.50", "2026-11-06": "60.50"}
MOVED = [
    ("2026-11-02", "12.00"),  # in the first balance already
    ("2026-11-03", "-42.50"),
    ("2026-11-06", "5.00"),
    ("2026-11-06", "-2.00"),
    ("2026-11-06", "-7.77"),
]


def account(kind: str = "depository") -> dict[str, str]:
    return {"id": "acc_1", "type": kind, "currency": "USD"}


def land_teller(land: Any, ws: str, lines: list[tuple[str, str]], kind: str = "depository") -> None:
    """Land an account with these lines, and `BALANCES`."""
    mine = account(kind)
    body = {**mine, "name": "A", "subtype": "checking", "last_four": "1234", "status": "open"}
    land("teller_account", ws, [("acc_1", 1, json.dumps(body))])
    land("teller_balance", ws, [
        (f"acc_1|{day}", 1, json.dumps({"account": mine, "balance": {"ledger": amount}}))
        for day, amount in BALANCES.items()
    ])  # fmt: skip
    for number, (day, amount) in enumerate(lines):
        line = {"amount": amount, "date": day, "status": "posted", "type": "ach"}
        whole = json.dumps({"account": mine, "transaction": line})
        land("teller_transaction", ws, [(f"txn_{number}", 1, whole)])


def test_lines_that_explain_every_change_pass(land: Any, broken: Any) -> None:
    land_teller(land, "ws_change_good", MOVED)
    assert broken(CHANGE, "ws_change_good") == []


@pytest.mark.parametrize(
    ("name", "lines", "spans"),
    [
        ("missing", [MOVED[0], *MOVED[2:]], [("2026-11-02", -4250)]),
        ("twice", [*MOVED, MOVED[1]], [("2026-11-02", 4250)]),
        ("sign", [MOVED[0], ("2026-11-03", "42.50"), *MOVED[2:]], [("2026-11-02", -8500)]),
        # 3.00 is no sum of what the last day holds any more, nor without it.
        ("other", [*MOVED[:2], ("2026-11-06", "5.01"), *MOVED[3:]], [("2026-11-04", 300)]),
    ],
)
def test_a_line_that_is_missing_or_twice_or_wrong_is_found(
    land: Any, broken: Any, name: str, lines: list[tuple[str, str]], spans: list[tuple[str, int]]
) -> None:
    workspace = f"ws_change_{name}"
    land_teller(land, workspace, lines)
    found = broken(CHANGE, workspace)
    assert [(row["since_on"].isoformat(), row["rest_minor"]) for row in found] == spans


def test_an_exception_is_let_pass_with_its_reason(built: Warehouse, land: Any, broken: Any) -> None:
    ws = "ws_change_loan"
    loan = {"account_id": "loan", "name": "Loan", "type": "loan", "subtype": "loan", "mask": "1",
            "balances": {"iso_currency_code": "USD"}}  # fmt: skip
    whole = json.dumps({"account": loan, "item": {"item_id": "i", "institution_id": "ins_1"}})
    land("plaid_account", ws, [("loan", 1, whole)])
    for day, owed in (("2026-11-02", 1000), ("2026-11-04", 1007.31)):
        money = {"current": owed, "iso_currency_code": "USD",
                 "last_updated_datetime": f"{day}T12:00:00Z"}  # fmt: skip
        body = json.dumps({"account_id": "loan", "type": "loan", "balances": money})
        land("plaid_balance", ws, [(f"loan|{day}", 1, body)])
    assert broken(CHANGE, ws) == []
    rows = built.rows("select provider, account_type, reason from marts.balance_exceptions")
    assert ("plaid", "loan") in {(row["provider"], row["account_type"]) for row in rows}
    assert all(row["reason"] for row in rows)


def test_a_line_or_document_that_is_nowhere_is_found(
    built: Warehouse, land: Any, broken: Any
) -> None:
    ws = "ws_nowhere"
    land_teller(land, ws, MOVED)
    bill = {"TxnDate": "2026-11-02", "TotalAmt": 42.50, "SyncToken": "0"}
    land("quickbooks_bill", ws, [("7", 1, json.dumps(bill)), ("8", 1, "{}")])
    assert (broken(LINES, ws), broken(BOOKS, ws)) == ([], [])  # 8 is among the rejected rows
    for table, name in (("transactions", "txn_1"), ("accounting_documents", "bill/7")):
        built.command(
            f"alter table unified.{table} delete where workspace_id = '{ws}' and id = '{name}'"
            " settings mutations_sync = 2"
        )
    assert [(r["id"], r["broken"]) for r in broken(LINES, ws)] == [
        ("txn_1", "landed and nowhere to be found")
    ]
    assert [(r["id"], r["broken"]) for r in broken(BOOKS, ws)] == [
        ("7", "landed and nowhere to be found")
    ]


def test_each_connections_days_are_read_as_they_were(built: Warehouse, land: Any) -> None:
    last = date(2026, 11, 6)
    land_teller(land, "ws_series", MOVED)
    [mine] = [s for s in read_series(built, "teller", last) if s.owner.startswith("ws_series|")]
    assert (mine.currency, mine.last) == ("USD", last)
    rows, moved = [0] * (DAYS + 1), [0] * (DAYS + 1)
    rows[0], rows[3], rows[4] = 3, 1, 1
    moved[0], moved[3], moved[4] = 500 + 200 + 777, 4_250, 1_200
    assert (list(mine.rows), list(mine.moved)) == (rows, moved)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Great Expectations' own, at import
def test_a_day_unlike_the_same_weekdays_is_found(
    built: Warehouse, clickhouse: Settings, land: Any
) -> None:
    day = utc_now().date() - timedelta(days=3)
    suites = [
        Suite("journal_entry", unified="accounting_documents"),
        Suite("estimate", unified="accounting_documents"),
    ]

    def booked(number: int, weeks_ago: int) -> list[tuple[str, int, str]]:
        entry = {"TxnDate": (day - timedelta(weeks=weeks_ago)).isoformat(), "SyncToken": "0"}
        return [(f"{weeks_ago}_{n}", 1, json.dumps(entry)) for n in range(number)]

    def unusual() -> str:
        source = open_source(clickhouse)
        found = validate_volumes(source, "quickbooks", suites)
        words = {name: found_words(result) for name, result in found.items()}
        for name, result in found.items():
            assert result["success"] is (words[name] == "0 of 1 rows"), result
            assert in_words(result["expectation_config"]).startswith("a day's volume is within 8 ")
        assert words.pop("estimate") == "0 of 1 rows"  # nothing of it, today or ever
        return words.pop("journal_entry")

    for weeks_ago in range(1, 13):
        land("quickbooks_journal_entry", "ws_volume", booked(9 + weeks_ago % 3, weeks_ago))
    land("quickbooks_journal_entry", "ws_volume", booked(14, 0))
    assert unusual() == "0 of 1 rows"
    land("quickbooks_journal_entry", "ws_volume", booked(60, 0))
    assert unusual() == "1 of 1 rows"


def test_dbt_says_how_fresh_a_source_is(built: Warehouse, clickhouse: Settings, land: Any) -> None:
    land("xero_organisation", "ws_fresh", [("org", 1, "{}")])
    name = "source.oppulence.xero.xero_organisation"
    found = read_freshness(clickhouse, [name])
    assert {key: result["status"] for key, result in found.items()} == {name: "pass"}
    assert read_freshness(clickhouse, []) == {}
