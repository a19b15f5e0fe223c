"""Is a payout's way told with its evidence, and does a person's word on it get in once?"""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest

from reconciliation import records
from serving.pagination import encode_position
from serving.reconciliation.filters import Verdict

ON = date(2026, 3, 6)
AT = datetime(2026, 3, 7, 6, tzinfo=UTC)
TABLES = {
    "payouts": "fct_payout_reconciliation", "deposits": "fct_deposit_reconciliation",
    "entries": "fct_entry_reconciliation",
}  # fmt: skip


def insert(workspace: Any, table: str, **row: Any) -> None:
    complete = {"workspace_id": str(workspace.tenant), "version": 1, "is_deleted": 0, **row}
    workspace.warehouse.insert_rows(table, [list(complete.values())], list(complete))


def judged(workspace: Any, kind: str, name: str, verdict: str = "matched", days: int = 0, **more):
    row = {
        "connection_id": "conn_stripe", "id": name, "account_id": "",
        "happened_on": ON + timedelta(days=days), "currency": "EUR", "amount_minor": 12_500,
        "verdict": verdict, "bank_verdict": verdict, "books_verdict": "matched",
        "is_unmatched": verdict == "missing_in_bank", "reason": "Bank: so. Books: so.",
        "confidence": 998, "difference_minor": 0, "payouts": [("conn_stripe", name)],
        "deposits": [], "entries": [], "reconciled_at": AT,
    }  # fmt: skip
    insert(workspace, f"marts.{TABLES[kind]}", **(row | more))


@pytest.fixture
def reconciled(workspace):
    """A payout of two lines that came as one deposit and was booked, and one that never came."""
    deposit, entry = [("conn_bank", "tx_1")], [("conn_books", "deposit/17")]
    judged(workspace, "payouts", "po_1", deposits=deposit, entries=entry)
    judged(workspace, "payouts", "po_2", "missing_in_bank", days=1)
    judged(
        workspace, "deposits", "tx_1", connection_id="conn_bank", account_id="acc_1",
        payouts=[("conn_stripe", "po_1")],
    )  # fmt: skip
    judged(
        workspace, "entries", "deposit/17", connection_id="conn_books", account_id="acc_9",
        payouts=[("conn_stripe", "po_1")],
    )  # fmt: skip
    for name, category, amount, fee in (("a", "charge", 13_000, 400), ("b", "refund", -100, 0)):
        insert(
            workspace, "marts.int_reconciliation__payout_lines", connection_id="conn_stripe",
            id=f"txn_{name}", category=category, currency="EUR", amount_minor=amount,
            fee_minor=fee, net_minor=amount - fee, transaction_id="", happened_at=AT,
            payout_id="po_1", source_version=1, computed_at=AT,
        )  # fmt: skip
    for name in ("po_1", "po_2"):
        insert(
            workspace, "unified.payouts", connection_id="conn_stripe", id=name, provider="stripe",
            source_table="raw.stripe_payout", source_id=name, extracted_at=AT, landed_at=AT,
        )  # fmt: skip
    insert(
        workspace, "unified.accounting_documents", connection_id="conn_books", id="deposit/17",
        provider="quickbooks", type="deposit", status="posted", number="D-17", currency="EUR",
        issued_on=ON, source_table="raw.quickbooks_deposit", source_id="17", extracted_at=AT,
        landed_at=AT,
    )  # fmt: skip
    workspace.holds(
        {"id": "tx_1", "connection_id": "conn_bank", "provider": "plaid", "account_id": "acc_1",
         "amount_minor": 12_500, "currency": "EUR", "booked_on": ON, "description": "STRIPE"}
    )  # fmt: skip
    return workspace


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def test_payouts_deposits_and_entries_are_listed_with_verdict_score_and_reason(reconciled):
    answer = reconciled.get("/v1/reconciliation/payouts")
    assert names(answer) == ["po_2", "po_1"]
    second = answer.json()["data"][1]
    assert second == {
        "id": "po_1", "connection_id": "conn_stripe", "account_id": "", "happened_on": "2026-03-06",
        "currency": "EUR", "amount": "125.00", "amount_minor": 12500, "verdict": "matched",
        "bank_verdict": "matched", "books_verdict": "matched", "is_unmatched": False,
        "reason": "Bank: so. Books: so.", "confidence": 998, "difference_minor": 0,
        "payouts": [{"connection_id": "conn_stripe", "id": "po_1"}],
        "deposits": [{"connection_id": "conn_bank", "id": "tx_1"}],
        "entries": [{"connection_id": "conn_books", "id": "deposit/17"}],
        "reconciled_at": "2026-03-07T06:00:00Z",
    }  # fmt: skip
    assert names(reconciled.get("/v1/reconciliation/deposits")) == ["tx_1"]
    assert names(reconciled.get("/v1/reconciliation/entries")) == ["deposit/17"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"verdict": "missing_in_bank"}, ["po_2"]),
        ({"bank_verdict": "matched"}, ["po_1"]),
        ({"books_verdict": "duplicate"}, []),
        ({"unmatched": "true"}, ["po_2"]),
        ({"unmatched": "false"}, ["po_1"]),
        ({"since": "2026-03-07"}, ["po_2"]),
        ({"until": "2026-03-07"}, ["po_1"]),
        ({"currency": "USD"}, []),
        ({"connection_id": "conn_stripe"}, ["po_2", "po_1"]),
    ],
)
def test_each_filter_leaves_what_it_says(reconciled, asked, found):
    assert names(reconciled.get("/v1/reconciliation/payouts", **asked)) == found


def test_a_verdict_that_there_is_not_is_no_empty_list(reconciled):
    assert get_args(Verdict) == get_args(records.Verdict)
    for name in ("verdict", "bank_verdict", "books_verdict"):
        answer = reconciled.get("/v1/reconciliation/payouts", **{name: "amount_difers"})
        assert answer.status_code == 422
        assert [error["location"] for error in answer.json()["errors"]] == [f"query.{name}"]
    backwards = {"since": "2026-02-01", "until": "2026-01-01"}
    assert reconciled.get("/v1/reconciliation/payouts", **backwards).status_code == 422


def test_pages_neither_repeat_nor_hide(workspace):
    for number in range(7):
        judged(workspace, "payouts", f"po_{number}", days=number // 3)
    walked, cursor = [], None
    while cursor is not None or not walked:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = workspace.get("/v1/reconciliation/payouts", **asked)
        walked += names(answer)
        cursor = answer.json()["next_cursor"]
    assert walked == ["po_6", "po_5", "po_4", "po_3", "po_2", "po_1", "po_0"]
    for day in ("not", "0001-01-01", "9999-12-31"):
        forged = encode_position(day, "", "", "")
        answer = workspace.get("/v1/reconciliation/payouts", cursor=forged)
        assert answer.status_code == 422, answer.text


def test_a_payout_is_walked_from_its_lines_to_deposit_and_document(reconciled):
    walk = reconciled.get("/v1/reconciliation/payouts/po_1").json()
    assert [(line["category"], line["net_minor"]) for line in walk["lines"]] == [
        ("charge", 12_600), ("refund", -100)
    ]  # fmt: skip
    assert walk["residual_minor"] == 0
    assert walk["bank_lines"] == [
        {"id": "tx_1", "connection_id": "conn_bank", "account_id": "acc_1",
         "booked_on": "2026-03-06", "amount_minor": 12500, "currency": "EUR",
         "description": "STRIPE", "journal_id": "bank:tx_1"}
    ]  # fmt: skip
    assert [(d["id"], d["provider"], d["number"]) for d in walk["documents"]] == [
        ("deposit/17", "quickbooks", "D-17")
    ]  # fmt: skip
    alone = reconciled.get("/v1/reconciliation/payouts/po_2").json()
    assert (alone["lines"], alone["residual_minor"], alone["bank_lines"]) == ([], None, [])
    assert reconciled.get("/v1/reconciliation/payouts/po_3").status_code == 404


def test_files_hold_what_the_list_shows(reconciled):
    text = reconciled.get("/v1/reconciliation/payouts/export").text
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "po_1": "matched", "po_2": "missing_in_bank"
    }  # fmt: skip


def test_the_things_of_a_match_are_json_in_csv_and_lists_in_parquet(reconciled):
    for kind in TABLES:
        path = f"/v1/reconciliation/{kind}"
        shown = sorted(
            (one["id"], *(one[name] for name in TABLES))
            for one in reconciled.get(path).json()["data"]
        )
        sheet = csv.DictReader(io.StringIO(reconciled.get(f"{path}/export").text))
        told = [(row["id"], *(json.loads(row[name]) for name in TABLES)) for row in sheet]
        assert sorted(told) == shown
        file = io.BytesIO(reconciled.get(f"{path}/export", format="parquet").content)
        table = pq.read_table(file).to_pylist()
        assert sorted((row["id"], *(row[name] for name in TABLES)) for row in table) == shown
    assert shown == [("deposit/17", [{"connection_id": "conn_stripe", "id": "po_1"}], [], [])]


def word(decision: str, **more: Any) -> dict[str, Any]:
    return {
        "decision": decision, "kind": "deposit", "payout_connection_id": "conn_stripe",
        "payout_id": "po_2", "connection_id": "conn_bank", "other_id": "tx_1", **more,
    }  # fmt: skip


def decide(workspace: Any, body: dict[str, Any], key: str = "") -> Any:
    headers = workspace.headers() | ({"Idempotency-Key": key} if key else {})
    return workspace.api.post("/v1/reconciliation/decisions", json=body, headers=headers)


def test_the_newest_word_on_a_pair_holds_and_the_log_keeps_all(reconciled, new_workspace):
    first = decide(reconciled, word("confirmed", note="asked the bank"), key="one")
    assert decide(reconciled, word("confirmed", note="asked the bank"), key="one").json() == (
        first.json()
    )
    second = decide(reconciled, word("rejected"))
    assert second.json()["id"] == first.json()["id"]
    listed = reconciled.get("/v1/reconciliation/decisions", payout_id="po_2").json()["data"]
    assert [(d["decision"], d["note"]) for d in listed] == [("rejected", "")]
    assert names(new_workspace().get("/v1/reconciliation/decisions")) == []
    path = f"/v1/reconciliation/decisions/{first.json()['id']}"
    assert reconciled.api.delete(path, headers=reconciled.headers()).json() == second.json()
    assert reconciled.api.delete(path, headers=reconciled.headers()).status_code == 404
    log = reconciled.get("/v1/audit_log").json()["data"]
    assert [entry["action"] for entry in log if entry["action"].startswith("match")] == [
        "match.undone", "match.rejected", "match.confirmed"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"payout_id": "po_9"}, 404),
        ({"other_id": "tx_9"}, 404),
        ({"connection_id": "conn_other"}, 404),
        ({"account_id": "acc_1"}, 422),
        ({"kind": "entry"}, 422),
        ({"kind": "entry", "connection_id": "conn_books", "other_id": "deposit/17",
          "account_id": "acc_9"}, 200),
    ],
)  # fmt: skip
def test_a_word_is_on_things_that_are_there(reconciled, more, status):
    assert decide(reconciled, word("confirmed", **more)).status_code == status
