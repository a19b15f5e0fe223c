"""From unified rows to verdicts in the marts: read, matched, written once, rewritten where changed.

A company's payouts, bank lines (its dollar account through two providers) and books are landed in
the unified tables, and the marts are held against what the company knows of itself.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from assets.reconciliation import evaluate_unmatched, reconcile_all
from benchmarks.reconciliation import NAMED, UNTIL
from core.clock import epoch_microseconds
from core.settings import Settings
from core.warehouse import Warehouse
from sandbox.company.accounting import entries as double_entry
from sandbox.company.banking import BankAccount
from sandbox.company.calendar import day_of, midnight
from sandbox.company.synthetic import company_of
from sandbox.world import World

WORKSPACE = "ws_reconciled"
AT = UNTIL + timedelta(days=40)
NOW = datetime(2026, 12, 11, 6, tzinfo=UTC)
VERSIONS = count(epoch_microseconds(NOW))
BANKS = {
    "plaid": ("usd_operating", "usd_card"),
    "teller": ("usd_operating", "usd_savings"),
    "gocardless": ("eur_operating",),
}
BOOKS = {"us": "conn_quickbooks", "eu": "conn_xero"}


def insert(warehouse: Warehouse, table: str, rows: list[dict[str, Any]]) -> None:
    stamped = [
        {"workspace_id": WORKSPACE, "version": next(VERSIONS), "is_deleted": 0,
         "extracted_at": NOW, "landed_at": NOW} | row
        for row in rows
    ]  # fmt: skip
    columns = list(stamped[0])
    values = [[row[column] for column in columns] for row in stamped]
    warehouse.insert_rows(f"unified.{table}", values, columns)


def payout_rows(world: World) -> list[dict[str, Any]]:
    return [
        {"connection_id": "conn_stripe", "id": fact.id, "provider": "stripe", "status": "paid",
         "currency": fact.currency.upper(), "amount_minor": fact.amount,
         "created_at": datetime.fromtimestamp(fact.created, UTC),
         "arrives_at": datetime.fromtimestamp(fact.arrival, UTC), "trace_id": fact.trace_id,
         "source_table": "raw.stripe_payout", "source_id": fact.id}
        for fact in world.spec.payouts
    ]  # fmt: skip


def account_row(provider: str, account: BankAccount) -> dict[str, Any]:
    return {
        "connection_id": f"conn_{provider}", "id": account.id, "provider": provider,
        "name": account.name, "type": account.kind, "currency": account.currency.upper(),
        "institution_name": account.institution, "mask": account.mask,
        "iban": account.iban if provider == "gocardless" else None,
        "source_table": f"raw.{provider}_account", "source_id": account.id,
    }  # fmt: skip


def line_rows(world: World, provider: str, account_id: str) -> list[dict[str, Any]]:
    return [
        {"connection_id": f"conn_{provider}", "id": f"{provider}_{line.id}", "provider": provider,
         "account_id": account_id, "type": "payment", "status": "succeeded",
         "amount_minor": line.amount, "currency": line.currency.upper(),
         "occurred_at": datetime.fromtimestamp(line.posted_at, UTC), "booked_on": line.booked_on,
         "description": line.description,
         "original_amount_minor": line.original[0] if line.original else None,
         "original_currency": line.original[1].upper() if line.original else None,
         "source_table": f"raw.{provider}_transaction", "source_id": line.id}
        for line in world.bank.lines(account_id)
        if line.posted_at < midnight(AT)
    ]  # fmt: skip


def document_rows(world: World) -> list[dict[str, Any]]:
    types = {account.id: account.type for account in world.accounting.accounts}
    found = []
    for document in world.accounting.documents(at=midnight(AT)):
        if document.date >= AT or document.currency not in ("eur", "usd"):
            continue
        lines = []
        memo = document.lines[0].description
        for account, debit, credit in double_entry(document):
            whole, rest = divmod(debit or credit, 100)
            role = "bank" if types.get(account) == "bank" else "line"
            lines.append(
                (account, None, role, 1 if debit else -1, f"{whole}.{rest:02d}", None, memo)
            )
        found.append(
            {"connection_id": BOOKS[document.entity], "id": f"{document.kind}/{document.id}",
             "provider": "xero" if document.entity == "eu" else "quickbooks", "type": "deposit",
             "status": "posted", "contact_name": document.contact_id,
             "currency": document.currency.upper(), "issued_on": document.date,
             "entries": lines, "source_table": "raw.books", "source_id": document.id}
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def world(clickhouse: Settings, built: Warehouse) -> World:
    """The company, landed and reconciled once."""
    world = World(company_of(5, 150, UNTIL))
    insert(built, "payouts", payout_rows(world))
    for provider, names in BANKS.items():
        for name in names:
            insert(built, "accounts", [account_row(provider, world.bank.account(name))])
            insert(built, "transactions", line_rows(world, provider, name))
    insert(
        built,
        "accounting_accounts",
        [
            {"connection_id": BOOKS[account.entity], "id": account.id, "provider": "xero",
             "name": account.name, "type": account.type, "role": "",
             "currency": account.currency.upper(), "source_table": "raw.books",
             "source_id": account.id}
            for account in world.accounting.accounts
        ],
    )  # fmt: skip
    insert(built, "accounting_documents", document_rows(world))
    reconcile_all(built, clickhouse, NOW)
    return world


def stored(warehouse: Warehouse, table: str) -> list[dict[str, Any]]:
    sql = f"select * from marts.{table} final where workspace_id = {{ws:String}}"
    return warehouse.rows(sql, {"ws": WORKSPACE})


def test_the_marts_say_of_every_payout_what_the_company_knows(world: World, built: Warehouse):
    found = {row["id"]: row for row in stored(built, "fct_payout_reconciliation")}
    truth = world.reconciliation_truth(midnight(AT))
    assert len(found) == len(truth) == 150
    wrong = {
        name: (found[name]["verdict"], found[name]["reason"], row["fault"])
        for row in truth
        if found[name := row["payout_id"]]["verdict"] != NAMED[row["fault"]]
    }
    assert wrong == {}
    for row in truth:
        payout = found[row["payout_id"]]
        lines = {part["id"].split("_", 1)[1] for part in payout["deposits"]}
        documents = {part["id"].split("/")[1] for part in payout["entries"]}
        assert lines == set(row["bank_line_ids"])
        assert documents == set(row["accounting_document_ids"])


def test_an_account_behind_two_connections_is_one_and_its_deposits_count_once(
    world: World, built: Warehouse
):
    accounts = {row["id"]: row for row in stored(built, "dim_bank_accounts")}
    assert accounts.keys() == {"usd_operating", "usd_savings", "eur_operating"}
    [plaid, teller] = sorted(accounts["usd_operating"]["sources"], key=str)
    assert (plaid["connection_id"], teller["connection_id"]) == ("conn_plaid", "conn_teller")
    deposits = stored(built, "fct_deposit_reconciliation")
    true = {
        name for row in world.reconciliation_truth(midnight(AT)) for name in row["bank_line_ids"]
    }
    assert sorted(row["id"].split("_", 1)[1] for row in deposits) == sorted(true)


def test_a_second_run_writes_nothing_and_a_change_only_what_it_changes(
    world: World, built: Warehouse, clickhouse: Settings
):
    assert WORKSPACE not in reconcile_all(built, clickhouse, NOW + timedelta(hours=1))
    missing = next(
        row for row in world.reconciliation_truth(midnight(AT)) if row["fault"] == "missing_deposit"
    )
    fact = next(fact for fact in world.spec.payouts if fact.id == missing["payout_id"])
    account = {"eur": "eur_operating", "usd": "usd_operating"}[fact.currency]
    provider = "plaid" if fact.currency == "usd" else "gocardless"
    late = line_rows(world, provider, account)[-1] | {
        "id": f"{provider}_late", "amount_minor": fact.amount, "description": "STRIPE TRANSFER",
        "booked_on": day_of(fact.arrival) + timedelta(days=9),
    }  # fmt: skip
    insert(built, "transactions", [late])
    written = reconcile_all(built, clickhouse, NOW + timedelta(hours=2))[WORKSPACE]
    # The payout, its new deposit and the entry that told of it all along.
    assert written == {
        "fct_payout_reconciliation": 1, "fct_deposit_reconciliation": 1,
        "fct_entry_reconciliation": 1, "dim_bank_accounts": 0,
    }  # fmt: skip
    [row] = [row for row in stored(built, "fct_payout_reconciliation") if row["id"] == fact.id]
    assert row["bank_verdict"] == "matched_late"
    insert(built, "transactions", [late | {"is_deleted": 1}])
    written = reconcile_all(built, clickhouse, NOW + timedelta(hours=3))[WORKSPACE]
    assert written["fct_deposit_reconciliation"] == 1
    ids = {row["id"] for row in stored(built, "fct_deposit_reconciliation")}
    assert f"{provider}_late" not in ids


def test_the_check_names_the_workspace_with_too_many_unmatched():
    rows = [
        {"workspace_id": "ws_well", "payouts": 1_000, "unmatched": 50},
        {"workspace_id": "ws_unwell", "payouts": 1_000, "unmatched": 51},
    ]
    result = evaluate_unmatched(rows)
    assert not result.passed
    assert result.metadata["over_the_share"].value == {"ws_unwell": "51 of 1000"}
    assert evaluate_unmatched(rows[:1]).passed
    assert evaluate_unmatched([]).passed
