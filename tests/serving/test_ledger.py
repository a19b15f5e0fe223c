"""Is the ledger read as it stands, as it stood, and under the workspace's own names?"""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.ledger_accounts import STANDARD
from serving.ledger.chart_schemas import BANK_TYPES

JANUARY = datetime(2026, 1, 5, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 3, tzinfo=UTC)
CHARGE = [("1150", "", 4900), ("1100", "", -4900)]
BANKED = [("1000", "acc_1", 4700), ("5020", "", 200), ("1020", "", -4900)]
# As dbt adds the entries up (tests/dbt/test_ledger_reads.py).
ADDED_UP = """
    insert into marts.fct_ledger_days
    select workspace_id, connection_id, account_code, account_id, currency, toDate(effective_at),
        toDate(recorded_at), count(), sum(debit_minor), sum(credit_minor), sum(amount_minor),
        max(effective_at), max(recorded_at), max(computed_at),
        toUnixTimestamp64Micro(now64(6)), 0, now64(3)
    from marts.fct_ledger_entries final
    where workspace_id = {workspace:String}
    group by workspace_id, connection_id, account_code, account_id, currency, toDate(effective_at),
        toDate(recorded_at)
"""


def written(
    workspace: Any, journal: str, lines: list[tuple[str, str, int]], *, at: datetime = JANUARY,
    recorded_at: datetime = JANUARY, revision: int = 1, is_reversal: bool = False,
    kind: str = "charge", currency: str = "EUR",
) -> None:  # fmt: skip
    rows = [
        {"workspace_id": str(workspace.tenant), "connection_id": "conn_test", "journal_id": journal,
         "revision": revision, "is_reversal": is_reversal, "entry_number": number + 1,
         "journal_type": kind, "account_code": code, "account_id": account, "currency": currency,
         "amount_minor": amount, "debit_minor": max(amount, 0), "credit_minor": max(-amount, 0),
         "effective_at": at, "recorded_at": recorded_at, "source_table": "raw.stripe_charge",
         "source_id": "ch_0001", "source_version": 7, "version": 1, "is_deleted": 0,
         "computed_at": recorded_at}
        for number, (code, account, amount) in enumerate(lines)
    ]  # fmt: skip
    milliseconds = int(at.timestamp()) * 1_000
    by_time = [row | {"newest_first": -milliseconds} for row in rows]
    for table, kept in (("fct_ledger_entries", rows), ("fct_ledger_entries_by_time", by_time)):
        workspace.warehouse.insert_rows(
            f"marts.{table}", [list(row.values()) for row in kept], list(kept[0])
        )
    workspace.warehouse.command(ADDED_UP, {"workspace": str(workspace.tenant)})


@pytest.fixture
def books(workspace):
    """A charge that was corrected in February, and a deposit."""
    written(workspace, "charge:ch_0001", CHARGE)
    back = [(code, account, -amount) for code, account, amount in CHARGE]
    written(workspace, "charge:ch_0001", back, recorded_at=FEBRUARY, is_reversal=True)
    right = [("1150", "", 5000), ("1100", "", -5000)]
    written(workspace, "charge:ch_0001", right, recorded_at=FEBRUARY, revision=2)
    written(
        workspace, "bank:tx_1", BANKED, at=JANUARY + timedelta(days=2), recorded_at=FEBRUARY,
        kind="bank_payout",
    )  # fmt: skip
    return workspace


def told(answer: Any) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200, answer.text
    return [
        (e["journal_id"], e["revision"], e["is_reversal"], e["account_code"], e["amount_minor"])
        for e in answer.json()["data"]
    ]


def test_entries_come_newest_fact_first_in_pages_that_neither_repeat_nor_hide(books):
    whole = told(books.get("/v1/ledger/entries"))
    assert whole == [
        ("bank:tx_1", 1, False, "1000", 4700), ("bank:tx_1", 1, False, "5020", 200),
        ("bank:tx_1", 1, False, "1020", -4900),
        ("charge:ch_0001", 1, False, "1150", 4900), ("charge:ch_0001", 1, False, "1100", -4900),
        ("charge:ch_0001", 1, True, "1150", -4900), ("charge:ch_0001", 1, True, "1100", 4900),
        ("charge:ch_0001", 2, False, "1150", 5000), ("charge:ch_0001", 2, False, "1100", -5000),
    ]  # fmt: skip
    walked, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = books.get("/v1/ledger/entries", **asked)
        walked += told(answer)
        cursor = answer.json()["next_cursor"]
        if not answer.json()["has_more"]:
            break
    assert walked == whole


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"account_code": "1100"}, 3),
        ({"account_id": "acc_1"}, 1),
        ({"journal_type": "bank_payout"}, 3),
        ({"currency": "USD"}, 0),
        ({"connection_id": "conn_other"}, 0),
        ({"source_id": "ch_0001"}, 9),
        ({"since": "2026-01-06"}, 3),
        ({"until": "2026-01-06"}, 6),
        ({"known_at": "2026-02-01"}, 2),
    ],
)
def test_each_filter_leaves_what_it_says(books, asked, number):
    assert len(told(books.get("/v1/ledger/entries", **asked))) == number


def test_a_journal_shows_every_writing_and_the_object_behind_it(books):
    answer = books.get("/v1/ledger/journals/charge:ch_0001").json()
    assert [(e["revision"], e["is_reversal"]) for e in answer["entries"]] == [
        (1, False), (1, False), (1, True), (1, True), (2, False), (2, False)
    ]  # fmt: skip
    assert answer["lineage"] == {
        "source_table": "raw.stripe_charge", "source_id": "ch_0001", "states": []
    }  # fmt: skip
    assert books.get("/v1/ledger/journals/charge:none").status_code == 404


def balances(answer: Any) -> dict[tuple[str, str], str]:
    assert answer.status_code == 200, answer.text
    return {
        (row["account_code"], row["account_id"]): row["balance"] for row in answer.json()["data"]
    }


def test_the_trial_balance_is_as_known_now_and_as_known_then(books):
    assert balances(books.get("/v1/ledger/trial_balance")) == {
        ("1000", "acc_1"): "47.00", ("1020", ""): "-49.00", ("1100", ""): "-50.00",
        ("1150", ""): "50.00", ("5020", ""): "2.00",
    }  # fmt: skip
    assert balances(books.get("/v1/ledger/trial_balance", known_at="2026-02-01")) == {
        ("1100", ""): "-49.00", ("1150", ""): "49.00"
    }  # fmt: skip
    assert balances(books.get("/v1/ledger/trial_balance", until="2026-01-06")) == {
        ("1100", ""): "-50.00", ("1150", ""): "50.00"
    }  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {"until": "2026-01-05T00:00:00.000001Z"},
        {"until": "2026-01-05"},
        {"known_at": "2026-02-03T00:00:00.000001Z"},
        {"known_at": "2026-02-03"},
        {"known_at": "2026-02-03T23:59:59Z", "until": "2026-01-07T12:00:00Z"},
        {"known_at": "2026-02-04", "until": "2026-01-08T00:00:00Z"},
        {"account_code": "1000"},
        {"account_id": "acc_1", "until": "2026-01-08"},
        {"currency": "USD"},
        {"connection_id": "conn_other"},
    ],
)
def test_balances_of_days_and_of_moments_are_the_entries_added_up(books, asked):
    """Whole days are read from sums, other moments from the entries: both are what the list is."""
    listed = books.get("/v1/ledger/entries", **asked).json()["data"]
    summed: dict[tuple[str, str], list[int]] = {}
    for one in listed:
        debit, credit = summed.setdefault((one["account_code"], one["account_id"]), [0, 0])
        summed[one["account_code"], one["account_id"]] = [
            debit + one["debit_minor"], credit + one["credit_minor"]
        ]  # fmt: skip
    told = books.get("/v1/ledger/trial_balance", **asked).json()["data"]
    assert {
        (row["account_code"], row["account_id"]): [row["debits_minor"], row["credits_minor"]]
        for row in told
    } == summed
    assert all(row["balance_minor"] == row["debits_minor"] - row["credits_minor"] for row in told)


def test_files_hold_what_the_lists_show(books):
    text = books.get("/v1/ledger/entries/export", account_code="1100").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["amount_minor"]) for row in rows] == [-4900, 4900, -5000]
    file = books.get("/v1/ledger/trial_balance/export", format="parquet").content
    table = pq.read_table(io.BytesIO(file)).to_pylist()
    assert {row["account_code"]: row["balance_minor"] for row in table} == {
        "1000": 4700, "1020": -4900, "1100": -5000, "1150": 5000, "5020": 200
    }  # fmt: skip


def test_the_trial_balances_file_has_the_workspaces_own_names(books):
    put(books, "1100", name="=Forderungen", type="asset", number="1400")
    account = {
        "workspace_id": str(books.tenant), "connection_id": "conn_bank", "id": "acc_1",
        "name": "Geschäftskonto", "mask": "3000", "reconciled_at": JANUARY, "version": 1,
        "is_deleted": 0,
    }  # fmt: skip
    books.warehouse.insert_rows("marts.dim_bank_accounts", [list(account.values())], list(account))
    text = books.get("/v1/ledger/trial_balance/export").text
    rows = {row["account_code"]: row for row in csv.DictReader(io.StringIO(text))}
    # A name that a spreadsheet would run is a text there.
    assert (rows["1100"]["account_name"], rows["1100"]["number"]) == ("'=Forderungen", "1400")
    told = {row["account_code"]: row for row in trial_balance(books)}
    assert list(rows["1000"]) == [name for name in told["1000"] if name != "balance"]
    for code, row in rows.items():
        assert (row["account_type"], row["number"]) == (
            told[code]["account_type"], told[code]["number"],
        )  # fmt: skip
    assert rows["1000"]["account_name"] == told["1000"]["account_name"] == "Bank accounts"
    assert {code: row["bank_account"] for code, row in rows.items() if row["bank_account"]} == {
        "1000": "Geschäftskonto 3000"
    }
    assert told["1000"]["bank_account"] == "Geschäftskonto 3000"


def test_a_time_that_ends_before_it_begins_is_no_empty_list(books):
    for path in ("entries", "entries/export"):
        answer = books.get(f"/v1/ledger/{path}", since="2026-02-01", until="2026-01-01")
        assert (answer.status_code, answer.json()["detail"]) == (
            422, "since must lie before until.",
        )  # fmt: skip


def trial_balance(books: Any) -> Any:
    return books.get("/v1/ledger/trial_balance").json()["data"]


def put(workspace: Any, code: str, **account: Any) -> Any:
    return workspace.api.put(
        f"/v1/ledger/accounts/{code}", json=account, headers=workspace.headers()
    )


def test_a_kind_of_line_that_no_bank_has_is_taken_by_no_account(books):
    tests = Path(__file__).parents[2] / "dbt" / "tests"
    words = (tests / "transactions_have_canonical_words_and_signs.sql").read_text()
    assert all(f"'{name}'" in words for name in BANK_TYPES)
    for kind in ("bank:fees_out", "bank:fee", "bank:topup_in", "fee_out"):
        answer = put(books, "own_1", name="Bank charges", type="expense", posts=[kind])
        assert (answer.status_code, answer.json()["errors"][0]["location"]) == (
            422, "body.posts.0",
        )  # fmt: skip


def test_a_workspace_names_and_numbers_accounts_and_has_its_own(books, new_workspace):
    chart = books.get("/v1/ledger/accounts").json()["data"]
    assert [account["code"] for account in chart] == sorted(one.code for one in STANDARD)
    assert not any(account["is_changed"] for account in chart)
    changed = put(books, "1100", name="Forderungen", type="asset", number="1400")
    assert changed.json() == {
        "code": "1100", "number": "1400", "name": "Forderungen", "type": "asset",
        "description": "", "is_standard": True, "is_changed": True, "posts": [],
    }  # fmt: skip
    own = {"name": "Bankspesen", "type": "expense", "number": "6855", "posts": ["bank:fee_out"]}
    assert put(books, "own_6855", **own).json()["posts"] == ["bank:fee_out"]
    named = {
        row["account_code"]: (row["number"], row["account_name"])
        for row in books.get("/v1/ledger/trial_balance").json()["data"]
    }
    assert named["1100"] == ("1400", "Forderungen")
    assert named["1150"] == ("1150", "Settlement clearing")
    other = new_workspace().get("/v1/ledger/accounts").json()["data"]
    assert not any(account["is_changed"] for account in other)
    undone = books.api.delete("/v1/ledger/accounts/1100", headers=books.headers()).json()
    assert (undone["name"], undone["is_changed"]) == ("Accounts receivable", False)
    again = books.api.delete("/v1/ledger/accounts/1100", headers=books.headers())
    assert again.status_code == 404
    log = books.get("/v1/audit_log").json()["data"]
    assert [entry["action"] for entry in log if entry["action"].startswith("ledger")] == [
        "ledger_account.deleted", "ledger_account.changed", "ledger_account.changed"
    ]  # fmt: skip


def test_a_chart_stays_one(books):
    """No number twice, no standard account of another type, each kind of movement in one place."""
    assert put(books, "own_1", name="Mine", type="asset", number="1100").status_code == 409
    assert put(books, "1100", name="Owed", type="expense").status_code == 422
    assert put(books, "own_1", name="Mine", type="expense", posts=["cash"]).status_code == 422
    for code in ("own_1", "own_2"):
        assert put(books, code, name="Fees", type="expense", posts=["bank:fee_out"]).is_success
    posts = {row["code"]: row["posts"] for row in books.get("/v1/ledger/accounts").json()["data"]}
    assert (posts["own_1"], posts["own_2"]) == ([], ["bank:fee_out"])
