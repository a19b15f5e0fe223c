"""What is found step by step, as rows land, change and go, is what the whole history would say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from assets import enrichment_scoring
from assets.enrichment_scoring import score_workspace
from core.clock import epoch_microseconds
from core.database import Database
from core.objects import connect_objects
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from ml.store import OpenModels
from ml.tables import ENRICHMENTS, LEVELS, RUNS, prepare_tables
from tests.declared_tables import create_table

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
START = date(2024, 1, 1)
FOUND = """
select transaction_id, toString(facet) as facet, value, confidence, evidence,
    toString(model_version) as model_version, abstained, like_key, occurred_on
from unified.enrichments final
where workspace_id = {workspace:String} order by transaction_id, facet
"""
EXAMPLES = 3
KEY = "workspace_id, connection_id, id"
# Who is paid: a subscription, shops, people who work, and the company itself.
PAYEES = (
    ("NETFLIX.COM", None), ("SQ *BLUE BOTTLE 8442", None), ("SHELL 12345", None),
    ("WIRE OUT INVOICE 7 CONSULTING", "Ada Smith"), ("ZELLE ADA SMITH DESIGN", "Ada Smith"),
    ("ADA SMITH FREELANCE INVOICE", None), ("XFER TO SAVINGS", None), ("OFFICE DEPOT 81", None),
)  # fmt: skip


def line(name: str, payee: int, minor: int, day: int, **more: Any) -> dict[str, Any]:
    text, counterparty = PAYEES[payee]
    return {
        "id": name, "description": text, "counterparty": counterparty, "amount_minor": minor,
        "booked_on": START + timedelta(days=day), "account_id": "checking", "is_deleted": 0,
        "counterparty_account": None, **more,
    }  # fmt: skip


# A year of habits: enough that a level, a series, a duplicate and a year's total are told.
BASE = (
    *(line(f"n{month}", 0, -1_599, 30 * month) for month in range(12)),
    *(line(f"b{n}", 1, -400 - 37 * n % 300, 3 * n) for n in range(110)),
    *(line(f"a{n}", 3, -40_000, 20 * n) for n in range(8)),
    *(line(f"o{n}", 7, -4_000 - 137 * (n * 7 % 11), 17 * n) for n in range(12)),
    *(line(f"t{n}", 6, -50_000, 40 * n) for n in range(5)),
    *(line(f"u{n}", 6, 50_000, 40 * n, account_id="savings") for n in range(5)),
)
LINES = st.builds(
    line,
    st.sampled_from([*(f"x{n}" for n in range(6)), "n5", "b7", "a2", "o3", "t2", "u2"]),
    st.integers(0, len(PAYEES) - 1),
    st.sampled_from([-1_599, -1_899, -4_000, -9_120, -40_000, -50_000, 50_000, -900_000]),
    st.integers(0, 420),
    account_id=st.sampled_from(["checking", "savings"]),
    is_deleted=st.sampled_from([0, 0, 0, 1]),
    counterparty_account=st.sampled_from([None, "DE11", "XX99"]),
)
# What lands together, and how many hours later.
STEPS = st.lists(
    st.tuples(st.lists(LINES, min_size=1, max_size=4), st.sampled_from([1, 30, 1_200])),
    min_size=1, max_size=3,
)  # fmt: skip


class Books:
    """A workspace to which lines land, and which is scored."""

    def __init__(self, settings: Settings, warehouse: Warehouse, system: Database) -> None:
        self.settings, self.warehouse, self.system = settings, warehouse, system
        self.tenant, self.lines = TenantId(new_id("ws")), {}

    def land(self, lines: list[dict[str, Any]], at: datetime) -> None:
        rows = []
        for one in lines:
            self.lines[one["id"]] = one | {"landed_at": at}
            rows.append(
                {
                    "workspace_id": str(self.tenant), "connection_id": "conn_bank",
                    "provider": "plaid", "type": "card_payment", "status": "succeeded",
                    "currency": "USD", "occurred_at": NOW, "source_table": "raw.plaid_transaction",
                    "source_id": one["id"], "version": epoch_microseconds(at), "extracted_at": at,
                    **one, "landed_at": at,
                }
            )  # fmt: skip
        newest = {row["id"]: row for row in rows}
        self.warehouse.insert_rows(
            "unified.transactions", [list(row.values()) for row in newest.values()], list(rows[0])
        )

    def begin_as(self, other: "Books") -> None:
        """Take over the lines of another workspace, and what scoring kept of them."""
        self.lines = dict(other.lines)
        for table in ("unified.transactions", ENRICHMENTS, RUNS, LEVELS):
            self.warehouse.command(
                f"insert into {table} select * replace ('{self.tenant}' as workspace_id)"
                f" from (select * from {table} final where workspace_id = '{other.tenant}')"
            )

    def score(self, now: datetime) -> None:
        models = OpenModels(connect_objects(self.settings))
        landed = max(row["landed_at"] for row in self.lines.values())
        newest = round(landed.timestamp() * 1000)
        score_workspace(self.warehouse, self.system, models, str(self.tenant), newest, now)

    def findings(self) -> list[dict[str, Any]]:
        return list(self.warehouse.rows(FOUND, {"workspace": str(self.tenant)}))


@pytest.fixture(scope="module")
def books(engines: Settings) -> Iterator[Any]:
    warehouse = Warehouse.connect(engines)
    for model in ("transactions", "accounts", "balance_transactions"):
        create_table(warehouse, f"unified/{model}/{model}", KEY)
    prepare_tables(warehouse)
    system = Database.connect(engines, role="system", size=1)
    yield lambda: Books(engines, warehouse, system)
    system.close()
    warehouse.close()


@pytest.fixture(scope="module")
def base(books: Any) -> Books:
    """The year of habits, scored once: examples begin with what was found of it."""
    own = books()
    own.land(list(BASE), NOW)
    own.score(NOW)
    return own


def whole(books: Any, lines: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Return what one scoring of everything finds."""
    other = books()
    other.land(list(lines.values()), NOW)
    other.score(now)
    return other.findings()


# Every example is a workspace in the engines: none are made only to find a smaller one.
@settings(max_examples=EXAMPLES, deadline=None,
          phases=[Phase.explicit, Phase.reuse, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@example(steps=[([line("x0", 5, -50_000, 395)], 1)])  # the only row of its name
@example(
    steps=[
        ([line("x0", 5, -50_000, 397), line("x1", 5, -50_000, 399)], 1),
        ([line("x2", 2, -900_000, 419)], 1),
    ]
)  # a history that grows longer elsewhere
@given(steps=STEPS)
def test_step_by_step_finds_what_the_whole_history_says(books, base, steps):
    own = books()
    own.begin_as(base)
    moment = NOW

    def refused(*_: Any) -> Any:
        raise AssertionError("the whole history was asked")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(enrichment_scoring, "_score_whole", refused)
        for lines, hours in steps:
            moment += timedelta(hours=hours)
            own.land(lines, moment)
            own.score(moment)
    found, expected = own.findings(), whole(books, own.lines, moment)
    different = [row for row in found if row not in expected]
    assert (different, [row for row in expected if row not in found]) == ([], [])
    facets = {row["facet"] for row in found}
    assert {"recurring", "transfer", "worker_classification"} <= facets


def test_of_two_accounts_that_may_be_one_the_whole_history_is_asked(books, monkeypatch):
    """Which lines are shown twice, all lines of both must tell."""
    own, asked = books(), []
    score_whole = enrichment_scoring._score_whole
    monkeypatch.setattr(
        enrichment_scoring,
        "_score_whole",
        lambda *given: asked.append(1) or score_whole(*given),
    )
    own.land([line("a", 2, -700, 1)], NOW)
    own.score(NOW)
    own.land([line("b", 2, -700, 9)], NOW + timedelta(hours=1))
    own.score(NOW + timedelta(hours=1))
    assert len(asked) == 1, "one account is known: what landed is enough"
    own.land([line("c", 2, -700, 9, connection_id="conn_other")], NOW + timedelta(hours=2))
    own.score(NOW + timedelta(hours=2))
    own.land([line("d", 2, -700, 9)], NOW + timedelta(hours=3))
    own.score(NOW + timedelta(hours=3))
    assert len(asked) == 3, "another account, and then two that may be one"
