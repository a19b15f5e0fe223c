"""The job of the enrichment: where nothing is set up, and from a landed line to a known finding."""

from datetime import UTC, date, datetime

import pytest
from dagster import DagsterInstance

from core.database import Database
from core.objects import connect_objects
from core.settings import Settings
from core.warehouse import Warehouse
from ml.store import OpenModels, champions
from ml.tables import COLUMNS
from orchestration.runs import run_enrichment
from tests.declared_tables import create_table

READ = (
    "transactions", "accounts", "balance_transactions", "accounting_entries", "accounting_accounts",
)  # fmt: skip
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def warehouse(engines: Settings):
    opened = Warehouse.connect(engines, pool_size=2)
    yield opened
    opened.close()


@pytest.fixture
def tables(warehouse: Warehouse):
    """What the job reads, where dbt has not built it; gone again for tests that have it built."""
    known = {
        row["name"]
        for row in warehouse.rows("select name from system.tables where database = 'unified'")
    }
    missing = [name for name in READ if name not in known]
    for name in missing:
        create_table(warehouse, f"unified/{name}/{name}", "workspace_id, connection_id")
    yield
    for name in missing:
        warehouse.command(f"drop table unified.{name}")


def test_the_job_runs_where_nothing_is_set_up_and_says_that_all_is_well(
    engines: Settings, instance: DagsterInstance, warehouse: Warehouse
):
    outcome = run_enrichment(engines, instance=instance)
    assert (outcome.success, outcome.error) == (True, "")
    [check] = outcome.checks
    assert (check.check, check.passed) == ("findings_do_not_drift", True)
    columns = warehouse.rows(
        "select name from system.columns where database = 'unified' and table = 'enrichments'"
    )
    assert {row["name"] for row in columns} == set(COLUMNS)


def test_a_model_is_trained_registered_opened_by_its_hash_and_answers(
    engines: Settings, instance: DagsterInstance, warehouse: Warehouse, workspace, tables
):
    line = {
        "workspace_id": str(workspace.tenant), "connection_id": "conn_bank", "id": "t",
        "provider": "plaid", "account_id": "card", "type": "card_payment", "status": "succeeded",
        "amount_minor": -2_300, "currency": "USD", "description": "TST* KOWALSKI PIZZERIA",
        "occurred_at": NOW, "booked_on": date(2024, 5, 31), "source_table": "raw.plaid_transaction",
        "source_id": "t", "version": 1, "is_deleted": 0, "extracted_at": NOW, "landed_at": NOW,
    }  # fmt: skip
    warehouse.insert_rows("unified.transactions", [list(line.values())], list(line))
    outcome = run_enrichment(engines, instance=instance)
    assert (outcome.success, outcome.error) == (True, "")

    database = Database.connect(engines, size=1)
    with database.tenant(workspace.tenant) as rows:
        registered = champions(rows, str(workspace.tenant))
    database.close()
    model = registered["category"]
    assert (model.workspace_id, model.score) == (None, model.measures["listed"]["macro_f1"])
    opened = OpenModels(connect_objects(engines)).opened(registered)
    assert opened["category"].version == model.version

    found = warehouse.rows(
        "select toString(facet) as facet, value, toString(model_version) as version"
        " from unified.enrichments final"
        " where workspace_id = {workspace:String} and facet in ('merchant', 'category')"
        " order by facet",
        {"workspace": str(workspace.tenant)},
    )
    assert found == [
        {"facet": "category", "value": "food_and_drink.restaurants", "version": model.version},
        {"facet": "merchant", "value": "Kowalski Pizzeria", "version": "merchant-rules-5"},
    ]
