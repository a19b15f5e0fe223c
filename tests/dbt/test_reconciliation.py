"""From unified rows to verdicts in the marts: read, matched, written once, rewritten where changed.

A company's payouts, bank lines (its dollar account through two providers) and books are landed in
the unified tables, and the marts are held against what the company knows of itself.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assets.decided import decisions_of, mirror_charts
from assets.reconciliation import evaluate_unmatched, reconcile_all, state_of
from benchmarks.reconciliation import NAMED, UNTIL
from core.bootstrap import prepare_database
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from local.stack import running_engines
from reconciliation.records import Decision
from sandbox.company.calendar import day_of, midnight
from sandbox.company.synthetic import company_of
from sandbox.world import World
from tests.conftest import data_folder
from tests.dbt.banked import Banked

WORKSPACE = "ws_reconciled"
AT = UNTIL + timedelta(days=40)
NOW = datetime(2026, 12, 11, 6, tzinfo=UTC)
BANKS = {
    "plaid": ("usd_operating", "usd_card"),
    "teller": ("usd_operating", "usd_savings"),
    "gocardless": ("eur_operating",),
}


def hours_later(hours: int) -> Callable[[], datetime]:
    """A clock that stands so many hours after the first run."""
    return lambda: NOW + timedelta(hours=hours)


COMPANY = Banked(World(company_of(5, 150, UNTIL)), WORKSPACE, AT, NOW, BANKS)


def payout_rows(world: World) -> list[dict[str, Any]]:
    return [
        {"connection_id": "conn_stripe", "id": fact.id, "provider": "stripe", "status": "paid",
         "currency": fact.currency.upper(), "amount_minor": fact.amount,
         "created_at": datetime.fromtimestamp(fact.created, UTC),
         "arrives_at": datetime.fromtimestamp(fact.arrival, UTC), "trace_id": fact.trace_id,
         "source_table": "raw.stripe_payout", "source_id": fact.id}
        for fact in world.spec.payouts
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world(clickhouse: Settings, built: Warehouse) -> World:
    """The company, landed and reconciled once."""
    COMPANY.insert(built, "payouts", payout_rows(COMPANY.world))
    COMPANY.land(built)
    reconcile_all(built, clickhouse, clock=lambda: NOW)
    return COMPANY.world


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A Postgres of our schema, with the workspace in it, under the role that sees all."""
    with (
        data_folder() as folder,
        running_engines(Settings(data_dir=folder), needed=["postgres"]) as complete,
    ):
        prepare_database(complete)
        application = Database.connect(complete, size=1)
        with application.tenant(TenantId(WORKSPACE)) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'A test')", [WORKSPACE])
        application.close()
        opened = Database.connect(complete, role="system", size=2)
        yield opened
        opened.close()


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
    assert accounts.keys() == {
        "plaid_usd_operating", "plaid_usd_card", "teller_usd_savings", "gocardless_eur_operating"
    }  # fmt: skip
    [plaid, teller] = sorted(accounts["plaid_usd_operating"]["sources"], key=str)
    assert (plaid["connection_id"], teller["connection_id"]) == ("conn_plaid", "conn_teller")
    deposits = stored(built, "fct_deposit_reconciliation")
    true = {
        name for row in world.reconciliation_truth(midnight(AT)) for name in row["bank_line_ids"]
    }
    assert sorted(row["id"].split("_", 1)[1] for row in deposits) == sorted(true)


def test_a_second_run_writes_nothing_and_a_change_only_what_it_changes(
    world: World, built: Warehouse, clickhouse: Settings
):
    assert WORKSPACE not in reconcile_all(built, clickhouse, clock=hours_later(1))
    missing = next(
        row for row in world.reconciliation_truth(midnight(AT)) if row["fault"] == "missing_deposit"
    )
    fact = next(fact for fact in world.spec.payouts if fact.id == missing["payout_id"])
    account = {"eur": "eur_operating", "usd": "usd_operating"}[fact.currency]
    provider = "plaid" if fact.currency == "usd" else "gocardless"
    late = COMPANY.lines(provider, account)[-1] | {
        "id": f"{provider}_late", "amount_minor": fact.amount, "description": "STRIPE TRANSFER",
        "booked_on": day_of(fact.arrival) + timedelta(days=9),
    }  # fmt: skip
    COMPANY.insert(built, "transactions", [late])
    written = reconcile_all(built, clickhouse, clock=hours_later(2))[WORKSPACE]
    # The payout, its new deposit and the entry that told of it all along.
    assert written == {
        "fct_payout_reconciliation": 1, "fct_deposit_reconciliation": 1,
        "fct_entry_reconciliation": 1, "dim_bank_accounts": 0, "dim_bank_account_sources": 0,
        "fct_secondary_bank_lines": 0, "fct_own_transfers": 0,
    }  # fmt: skip
    [row] = [row for row in stored(built, "fct_payout_reconciliation") if row["id"] == fact.id]
    assert row["bank_verdict"] == "matched_late"
    COMPANY.insert(built, "transactions", [late | {"is_deleted": 1}])
    written = reconcile_all(built, clickhouse, clock=hours_later(3))[WORKSPACE]
    assert written["fct_deposit_reconciliation"] == 1
    ids = {row["id"] for row in stored(built, "fct_deposit_reconciliation")}
    assert f"{provider}_late" not in ids


def test_each_write_bears_its_own_time_and_one_workspace_s_failure_is_not_anothers(
    world: World, built: Warehouse, clickhouse: Settings
):
    """A run longer than the marts look back would be missed by them, if it bore its beginning."""
    broken = Banked(world, "ws_a_broken", AT, NOW, BANKS)  # read before the other, by its name
    broken.insert(built, "payouts", payout_rows(world)[:1])
    unreadable: Any = {broken.workspace: [None]}
    truth = world.reconciliation_truth(midnight(AT))
    plain = next(row["payout_id"] for row in truth if row["fault"] is None)
    [paid] = [row for row in payout_rows(world) if row["id"] == plain]
    ticks = (NOW + timedelta(hours=3, minutes=1 + number) for number in itertools.count())
    for status, verdict, first, last in (("failed", "failed", 1, 2), ("paid", "matched", 9, 10)):
        COMPANY.insert(built, "payouts", [paid | {"status": status}])
        with pytest.raises(ExceptionGroup, match="could not be reconciled: ws_a_broken") as caught:
            reconcile_all(built, clickhouse, decisions=unreadable, clock=lambda: next(ticks))
        assert [type(error) for error in caught.value.exceptions] == [AttributeError]
        rows = stored(built, "fct_payout_reconciliation")
        assert [(row["verdict"], row["reconciled_at"]) for row in rows if row["id"] == plain] == [
            (verdict, NOW + timedelta(hours=3, minutes=first))
        ]
        deposits = stored(built, "fct_deposit_reconciliation")
        assert max(row["reconciled_at"] for row in deposits) == NOW + timedelta(
            hours=3, minutes=last
        )
    broken.insert(built, "payouts", [payout_rows(world)[0] | {"is_deleted": 1}])


def decided(database: Database, *words: tuple[str, str, bool]) -> None:
    """Replace what people have said: (payout, bank line, whether it is right)."""
    tenant = TenantId(WORKSPACE)
    with database.tenant(tenant) as rows:
        rows.execute("delete from reconciliation_decisions")
        for number, (payout, line, is_confirmed) in enumerate(words):
            rows.execute(
                "insert into reconciliation_decisions (workspace_id, id, kind,"
                " payout_connection_id, payout_id, connection_id, other_id, account_id,"
                " is_confirmed, note, decided_by, decided_at)"
                " values (%s, %s, 'deposit', 'conn_stripe', %s, %s, %s, '', %s, '', 'me', %s)",
                [WORKSPACE, f"dec_{number}", payout, f"conn_{line.split('_')[0]}", line,
                 is_confirmed, NOW],
            )  # fmt: skip


def test_the_same_words_in_another_order_are_another_state() -> None:
    """Of two that come to hold for one line the later counts, and either may be said again."""
    words = [Decision("po_1", "old/1", confirmed=True), Decision("po_1", "new/1", confirmed=False)]
    assert state_of(words) == state_of(list(words)) != state_of(words[::-1])
    assert state_of([]) == ""


def test_what_people_decide_binds_the_next_run_and_is_undone(
    world: World, built: Warehouse, clickhouse: Settings, database: Database
):
    """A true match is rejected, and its deposit confirmed for the payout that never came."""

    def run(hours: int) -> dict[str, dict[str, int]]:
        decided = decisions_of(database)
        return reconcile_all(built, clickhouse, decisions=decided, clock=hours_later(hours))

    def bank() -> dict[str, tuple[str, tuple[str, ...], str]]:
        return {
            row["id"]: (
                row["bank_verdict"], tuple(part["id"] for part in row["deposits"]), row["reason"]
            )
            for row in stored(built, "fct_payout_reconciliation")
        }  # fmt: skip

    run(4)
    before = bank()
    truth = world.reconciliation_truth(midnight(AT))
    currency = {fact.id: fact.currency for fact in world.spec.payouts}
    missing = next(r["payout_id"] for r in truth if r["fault"] == "missing_deposit")
    plain = next(
        row["payout_id"] for row in truth
        if row["fault"] is None and currency[row["payout_id"]] == currency[missing]
    )  # fmt: skip
    [line] = before[plain][1]
    decided(database, (plain, line, False))
    assert run(5)[WORKSPACE]["fct_payout_reconciliation"] >= 1
    after = bank()
    assert line not in after[plain][1]
    decided(database, (plain, line, False), (missing, line, True))
    run(6)
    after = bank()
    assert after[missing][:2] == ("matched", (line,))
    assert "a person confirmed it" in after[missing][2]
    assert run(7) == {}
    decided(database)
    run(8)
    assert bank() == before


def test_charts_are_mirrored_once_and_what_is_no_more_is_taken_back(
    built: Warehouse, database: Database
):
    def mirrored(hours: int) -> tuple[dict[str, int], list[Any]]:
        written = mirror_charts(database, built, NOW + timedelta(hours=hours))
        rows = [tuple(row.values())[1:5] for row in stored(built, "workspace_ledger_accounts")] + [
            tuple(row.values())[1:3] for row in stored(built, "workspace_ledger_postings")
        ]
        return written, rows

    def said(*statements: str) -> None:
        with database.tenant(TenantId(WORKSPACE)) as rows:
            for statement in statements:
                rows.execute(statement, [WORKSPACE])

    both = ("workspace_ledger_accounts", "workspace_ledger_postings")
    said(
        "insert into ledger_accounts values (%s, 'own_1', '6855', 'Fees', 'expense', '', now())",
        "insert into ledger_postings values (%s, 'bank:fee_out', 'own_1', now())",
    )
    there = [("own_1", "6855", "Fees", "expense"), ("bank:fee_out", "own_1")]
    assert mirrored(10) == (dict.fromkeys(both, 1), there)
    assert mirrored(11) == (dict.fromkeys(both, 0), there)
    said("delete from ledger_accounts where workspace_id = %s")
    assert mirrored(12) == (dict.fromkeys(both, 1), [])


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
