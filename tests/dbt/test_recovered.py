"""Is what failed recovered only by money that came, stayed and is there? In every landing order."""

from typing import Any

import pytest

from core.warehouse import Warehouse
from tests.dbt import collected_rows
from tests.dbt.company import Company

# Currency, what failed, outcome, collected, recovered, at risk, by which attempt; the days of 2026
# on which it failed, was collected, can be paid out, and was given up.
TRUTH = {
    "credited": ("KWD", 10_000, "lost", 0, 0, 0, 0, "10-01", None, None, "10-03"),
    "part": ("JPY", 10_000, "recovered", 4_000, 4_000, 0, 2, "10-01", "10-06", "10-08", None),
    "other": ("EUR", 10_000, "recovered", 10_000, 10_000, 0, 0, "10-01", "11-10", "12-05", None),
    "old": ("EUR", 10_000, "recovered", 10_000, 10_000, 0, 0, "10-01", "10-04", "10-11", None),
    "two": ("EUR", 10_000, "recovered", 10_000, 10_000, 0, 2, "11-01", "11-06", "11-20", None),
    "disputed": ("GBP", 10_000, "recovered", 10_000, 0, 0, 2, "10-01", "10-05", "10-07", None),
    "guest": ("EUR", 10_000, "recovered", 10_000, 10_000, 0, 2, "10-01", "10-05", "10-07", None),
    "unnamed": ("EUR", 10_000, "recovered", 10_000, 10_000, 0, 2, "10-01", "10-05", "10-07", None),
    "refunded": ("EUR", 10_000, "recovered", 10_000, 7_000, 0, 2, "10-01", "10-05", "10-07", None),
    "left": ("EUR", 5_000, "lost", 0, 0, 0, 0, "03-01", None, None, "03-02"),
    "ended": ("EUR", 10_000, "lost", 0, 0, 0, 0, "10-13", None, None, "10-13"),
    "debit": ("EUR", 10_000, "open", 0, 0, 10_000, 0, "10-07", None, None, None),
}
DAYS = ("opened_at", "recovered_at", "settled_at", "lost_at")
TOLD = (
    "select episode_id, currency, amount_minor, outcome, collected_minor, recovered_minor,"
    " at_risk_minor, recovered_by_attempt, "
    + ", ".join(f"formatDateTime({day}, '%m-%d', 'UTC')" for day in DAYS)
    + " from marts.fct_recovery_episodes final where workspace_id = {workspace:String}"
)


@pytest.fixture(scope="module")
def told(built: Warehouse, company: Company) -> dict[str, tuple[Any, ...]]:
    """What the mart tells of each variant, by its name; an episode too many is told as such."""
    rows = built.rows(TOLD, {"workspace": collected_rows.WORKSPACE})
    found: dict[str, tuple[Any, ...]] = {}
    for name, *facts in (row.values() for row in rows):
        kind, _, variant = name.partition(".")
        expected = "pi" if variant.startswith("left") else "in"
        found[variant if kind == expected else name] = tuple(facts)
    return found


def test_every_way_to_be_paid_or_not_is_told_as_it_is(told: dict[str, tuple[Any, ...]]) -> None:
    assert {name: told[f"{name}.first"] for name in TRUTH} == TRUTH
    assert set(TRUTH) == set(collected_rows.WAYS)


def test_whichever_row_lands_last_the_marts_tell_the_same(
    told: dict[str, tuple[Any, ...]],
) -> None:
    every = [variant for variant, _, _ in collected_rows.variants()]
    assert len(every) > 60
    assert told == {variant: TRUTH[variant.partition(".")[0]] for variant in every}
