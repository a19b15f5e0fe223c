"""Scoring on real engines: new and changed rows alone, written where the finding differs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from assets import enrichment_rows
from assets.enrichment_plan import planned
from assets.enrichment_scoring import Scored, score_all
from core.clock import epoch_microseconds
from core.database import Database
from core.objects import connect_objects
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from ml.registry import FACETS
from ml.store import OpenModels
from ml.tables import prepare_tables
from tests.declared_tables import create_table

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
FOUND = """
select transaction_id, toString(facet) as facet, value, source_version
from unified.enrichments final
where workspace_id = {workspace:String} order by transaction_id, facet
"""


class Company:
    """A workspace whose bank lines this test writes."""

    def __init__(self, warehouse: Warehouse, database: Database) -> None:
        self.warehouse, self.database = warehouse, database
        self.tenant = TenantId(new_id("ws"))
        with database.tenant(self.tenant) as rows:
            rows.execute("insert into workspaces (id, name) values (%s, 'x')", [str(self.tenant)])

    def lands(self, *lines: tuple[str, str | None], at: datetime, **more: Any) -> None:
        """Land (id, descriptor) at a moment."""
        complete = [
            {
                "workspace_id": str(self.tenant), "connection_id": "conn_bank", "id": name,
                "provider": "plaid", "account_id": "card", "type": "card_payment",
                "status": "succeeded", "amount_minor": -475, "currency": "USD",
                "description": text, "occurred_at": NOW, "booked_on": date(2024, 5, 31),
                "source_table": "raw.plaid_transaction", "source_id": name,
                "version": epoch_microseconds(at), "is_deleted": 0, "extracted_at": at,
                "landed_at": at,
            } | more
            for name, text in lines
        ]  # fmt: skip
        self.warehouse.insert_rows(
            "unified.transactions", [list(row.values()) for row in complete], list(complete[0])
        )

    def merchants(self) -> dict[str, str]:
        found = self.warehouse.rows(FOUND, {"workspace": str(self.tenant)})
        return {row["transaction_id"]: row["value"] for row in found if row["facet"] == "merchant"}


@pytest.fixture
def company(engines: Settings) -> Iterator[Company]:
    warehouse = Warehouse.connect(engines)
    key = "workspace_id, connection_id, id"
    for model in ("transactions", "accounts", "balance_transactions"):
        create_table(warehouse, f"unified/{model}/{model}", key)
    prepare_tables(warehouse)
    application = Database.connect(engines, size=1)
    yield Company(warehouse, application)
    application.close()
    warehouse.close()


@pytest.fixture
def score(engines: Settings, company: Company) -> Iterator[Any]:
    system = Database.connect(engines, role="system", size=1)

    def run(now: datetime) -> Scored | None:
        models = OpenModels(connect_objects(engines))
        return score_all(company.warehouse, system, models, now).get(str(company.tenant))

    yield run
    system.close()


def test_only_new_and_changed_rows_are_scored_and_only_changes_written(company: Company, score):
    company.lands(("a", "SQ *BLUE BOTTLE 8442"), ("b", "SHELL 12345"), at=NOW)
    first = score(NOW)
    assert company.merchants() == {"a": "Blue Bottle", "b": "Shell"}
    assert first is not None
    assert score(NOW + timedelta(minutes=1)) is None, "nothing landed"

    company.lands(("c", "GITHUB 77"), ("b", "ESSO 9"), at=NOW + timedelta(minutes=2))
    rows = [facet.name for facet in FACETS if facet.reads == "row"]
    plan = planned(
        {name: {"inputs_version": "x", "scored_to": NOW, "enriched_at": NOW} for name in rows},
        dict.fromkeys(rows, "x"),
        round((NOW + timedelta(minutes=2)).timestamp() * 1000),
        NOW.date(),
    )
    assert plan is not None
    assert (plan.fresh, plan.whole) == (tuple(rows), ())
    score(NOW + timedelta(minutes=3))
    assert company.merchants() == {"a": "Blue Bottle", "b": "Esso", "c": "GitHub"}
    versions = {
        row["transaction_id"]: row["source_version"]
        for row in company.warehouse.rows(FOUND, {"workspace": str(company.tenant)})
        if row["facet"] == "merchant"
    }
    assert versions["a"] == epoch_microseconds(NOW), "the row that did not change was left alone"
    assert versions["b"] == epoch_microseconds(NOW + timedelta(minutes=2))


def test_a_row_that_lands_late_within_the_overlap_is_not_passed_by(company: Company, score):
    company.lands(("a", "SHELL 12345"), at=NOW)
    score(NOW)
    company.lands(("b", "GITHUB 77"), at=NOW - timedelta(seconds=30))
    company.lands(("c", "NETFLIX"), at=NOW + timedelta(seconds=1))
    score(NOW + timedelta(minutes=1))
    assert company.merchants() == {"a": "Shell", "b": "GitHub", "c": "Netflix"}


@pytest.mark.parametrize("most", [1, 5_000], ids=["a range", "ids"])
def test_of_many_rows_that_the_overlap_brings_again_only_the_new_are_scored(
    company: Company, score, monkeypatch, most: int
):
    monkeypatch.setattr(enrichment_rows, "MOST_IDS", most)
    company.lands(("a", "SHELL 12345"), ("c", "NETFLIX"), ("e", "ESSO 9"), at=NOW)
    score(NOW)
    landed = NOW + timedelta(seconds=1)
    company.lands(("b", "GITHUB 77"), ("c", "SPOTIFY"), at=landed)
    score(NOW + timedelta(minutes=1))
    assert company.merchants() == {"a": "Shell", "b": "GitHub", "c": "Spotify", "e": "Esso"}
    again = (
        "select toString(facet) as facet from unified.enrichments where transaction_id = 'a'"
        " and workspace_id = {workspace:String} and facet = 'merchant'"
    )
    found = company.warehouse.rows(again, {"workspace": str(company.tenant)})
    assert len(found) == 1, "the row that did not change was not written again"


def test_a_finding_that_is_no_more_said_is_gone(company: Company, score):
    company.lands(("a", "SHELL 12345"), at=NOW)
    score(NOW)
    company.lands(("a", None), at=NOW + timedelta(minutes=1))
    score(NOW + timedelta(minutes=2))
    assert company.merchants() == {}


def test_a_correction_reaches_the_rows_alike_with_the_next_scoring(company: Company, score):
    company.lands(("a", "SHELL 12345"), ("b", "SHELL 99"), ("c", "GITHUB"), at=NOW)
    score(NOW)
    (key,) = company.warehouse.rows(
        "select distinct like_key from unified.enrichments final"
        " where workspace_id = {workspace:String} and transaction_id = 'a' and facet = 'merchant'",
        {"workspace": str(company.tenant)},
    )
    with company.database.tenant(company.tenant) as rows:
        rows.execute(
            "insert into enrichment_feedback (workspace_id, id, facet, like_key, merchant,"
            " amount_minor, value, said_by, said_at)"
            " values (%s, 'f', 'merchant', %s, 'SHELL 12345', -475, 'Shell Energy', 'm', %s)",
            [str(company.tenant), key["like_key"], NOW],
        )
    score(NOW + timedelta(minutes=1))
    assert company.merchants() == {"a": "Shell Energy", "b": "Shell Energy", "c": "GitHub"}


def test_xeros_rows_are_never_read(company: Company, score):
    company.lands(("x", "SHELL 12345"), at=NOW, provider="xero")
    assert score(NOW) is None
    company.lands(("a", "GITHUB"), at=NOW)
    score(NOW)
    assert company.merchants() == {"a": "GitHub"}


def test_a_fee_that_lands_after_its_charge_is_found_without_the_charge_changing(
    company: Company, score
):
    company.lands(
        ("ch_1", None), ("ch_2", None), at=NOW, provider="stripe", type="charge", amount_minor=4_900
    )
    score(NOW)
    at = NOW + timedelta(hours=1)
    booked = {
        "workspace_id": str(company.tenant), "connection_id": "conn_bank", "id": "txn_1",
        "provider": "stripe", "type": "charge", "currency": "EUR", "amount_minor": 4_520,
        "fee_minor": 156, "net_minor": 4_364, "transaction_id": "ch_1",
        "source_table": "raw.stripe_balance_transaction", "source_id": "txn_1",
        "version": epoch_microseconds(at), "is_deleted": 0, "extracted_at": at, "landed_at": at,
    }  # fmt: skip
    company.warehouse.insert_rows(
        "unified.balance_transactions", [list(booked.values())], list(booked)
    )
    score(at + timedelta(minutes=1))
    found = company.warehouse.rows(FOUND, {"workspace": str(company.tenant)})
    fees = [(row["transaction_id"], row["value"]) for row in found if row["facet"] == "fee"]
    assert fees == [("ch_1", "1.56 EUR")]
    assert score(at + timedelta(minutes=2)) is None
