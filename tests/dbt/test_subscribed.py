"""Does MRR move on the days on which a subscription's life did, and on no others?"""

from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt.company import Company
from tests.dbt.subscribed_rows import WORKSPACE

Moves = list[tuple[str, str, int]]


@pytest.fixture(scope="module")
def moves(built: Warehouse, company: Company) -> dict[str, Moves]:
    """Every movement of each subscription's customer: (day, kind, change)."""
    found: dict[str, Moves] = {}
    for row in built.rows(
        "select substring(customer_id, 5) as name, toString(moved_on) as day, kind, delta_minor"
        " from marts.fct_mrr_movements final where workspace_id = {ws:String} order by moved_on",
        {"ws": WORKSPACE},
    ):
        found.setdefault(row["name"], []).append((row["day"], row["kind"], row["delta_minor"]))
    return found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("reset", [("2025-01-10", "new", 10_000)]),
        (
            "returned",
            [
                ("2025-01-10", "new", 10_000),
                ("2025-01-15", "expansion", 5_000),
                ("2025-01-20", "contraction", -5_000),
            ],
        ),
        (
            "moved",
            [
                ("2025-01-24", "new", 10_000),
                ("2025-07-24", "churn", -10_000),
                ("2025-08-24", "reactivation", 10_000),
            ],
        ),
        ("sent", [("2025-09-01", "new", 10_000)]),
        ("euro", [("2025-10-10", "new", 900)]),
        ("yen", [("2025-10-10", "new", 1_500)]),
        ("taxed", [("2025-10-10", "new", 2_000)]),
        ("taxed_less", [("2025-10-10", "new", 1_000)]),
        ("won", [("2025-09-15", "new", 10_000)]),
    ],
)
def test_mrr_moves_as_the_subscription_lived(
    moves: dict[str, Moves], name: str, told: Moves
) -> None:
    assert moves[name] == told


def test_a_debit_activates_when_it_began_though_its_invoice_is_named_later(
    moves: dict[str, Moves],
) -> None:
    assert moves["debit"] == [("2025-10-01", "new", 10_000)]


def test_a_trial_counts_where_it_began_the_subscription_and_what_came_of_it(
    built: Warehouse, company: Company
) -> None:
    told: dict[str, Any] = {
        row["subscription_id"]: row["trial_outcome"]
        for row in built.rows(
            "select subscription_id, trial_outcome from marts.fct_subscriptions final"
            " where workspace_id = {ws:String} and trial_ends_at is not null",
            {"ws": WORKSPACE},
        )
    }
    assert told == {"moved": "", "paused": "lost", "set_up": "lost", "won": "converted"}
