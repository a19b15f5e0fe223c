"""Do revenue, the bridge to cash and the ledger agree on what is discounted, part paid or voided?

Every figure is computed by hand from `billed_rows.py`. The project's own tests (the bridge ends at
the processor's balance, revenue by day is the ledger's) run over the same rows in `company`.
"""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from core.tenancy import TenantId
from core.warehouse import Warehouse
from serving.metrics.billing import METRICS
from serving.metrics.points import points_of
from serving.metrics.series import interval_starts
from serving.metrics.statements import parameters, statement
from tests.dbt import drafted_rows
from tests.dbt.billed_rows import BALANCE, PARTLY, TAXED, VOIDED

pytestmark = pytest.mark.usefixtures("company")

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
# 59 days of January and February earn 59.00.
LOST = {JANUARY: 3_100, FEBRUARY: 2_800}


def bridge(warehouse: Warehouse, workspace: str, currency: str = "EUR") -> dict[Any, Any]:
    rows = warehouse.rows(
        "select month, step, amount_minor from marts.fct_cash_bridge"
        " where workspace_id = {workspace:String} and currency = {currency:String}",
        {"workspace": workspace, "currency": currency},
    )
    steps: dict[Any, Any] = {}
    for row in rows:
        steps.setdefault(row["month"], {})[row["step"]] = row["amount_minor"]
    return steps


def ledger(warehouse: Warehouse, workspace: str, account: str) -> dict[date, int]:
    """What an account moved by, by month."""
    rows = warehouse.rows(
        "select toStartOfMonth(toDate(effective_at)) as month, sum(amount_minor) as minor"
        " from marts.fct_ledger_entries final where workspace_id = {workspace:String}"
        " and account_code = {account:String} and currency = 'EUR'"
        " group by month having minor != 0",
        {"workspace": workspace, "account": account},
    )
    return {row["month"]: row["minor"] for row in rows}


def points(warehouse: Warehouse, workspace: str, name: str) -> dict[tuple[str, str], int]:
    """A saved metric of the first three months, by currency."""
    metric, until = METRICS[name], date(2026, 4, 1)
    starts = list(interval_starts(JANUARY, until, "month"))
    asked = parameters(starts, until, None, {})
    rows = warehouse.tenant_rows(TenantId(workspace), statement(metric, (), (), "month"), asked)
    told = points_of(metric, rows, (), starts, until, None)
    return {(point.group[0], str(point.starts_on)[:7]): int(point.sums.value) for point in told}


def test_a_line_earns_its_amount_less_discounts_and_the_tax_that_is_in_it(
    built: Warehouse,
) -> None:
    rows = built.rows(
        "select line_id, net_minor from marts.fct_revenue_lines final"
        " where workspace_id = {workspace:String}",
        {"workspace": TAXED},
    )
    assert {row["line_id"]: row["net_minor"] for row in rows} == {
        "il_item": 9_000, "il_calls": 4_500, "il_mixed": 10_000, "il_older": 900,
        "il_silent": 9_000, "il_silent_within": 1_000,
    }  # fmt: skip
    (used,) = built.rows(
        "select billed_minor from marts.fct_usage final where workspace_id = {workspace:String}",
        {"workspace": TAXED},
    )
    assert used["billed_minor"] == 4_500
    assert ledger(built, TAXED, "4000") == {JANUARY: -34_400}
    assert ledger(built, TAXED, "2200") == {}
    assert bridge(built, TAXED) == {
        JANUARY: {"one_off": 29_900, "usage": 4_500, "tax": 6_380, "paid_elsewhere": -40_780}
    }


def test_what_is_paid_in_part_is_there_once(built: Warehouse) -> None:
    steps = bridge(built, PARTLY)
    assert steps == {
        JANUARY: {
            "one_off": 34_000,
            "still_owed": -11_000,  # 70.00 of the open one, and two debits that are under way
            "written_off": -7_000,
            "paid_elsewhere": -7_000,
            "paid_in_another_month": -6_000,
            "fees": -100,
        },
        FEBRUARY: {"paid_for_another_month": 6_000, "under_way": 4_000, "fees": -270},
        MARCH: {"under_way": -2_000},
    }
    sums = {month: sum(told.values()) for month, told in steps.items()}
    assert sums == ledger(built, PARTLY, "1010") == {JANUARY: 2_900, FEBRUARY: 9_730, MARCH: -2_000}


def test_a_movement_of_the_balance_is_what_the_ledger_takes_it_for(built: Warehouse) -> None:
    steps = bridge(built, BALANCE)
    assert steps == {
        JANUARY: {
            "without_invoice": 49_400,  # what was captured of it
            "fees": -2_038,
            "other_income": 295,
            "moved_to_and_from_banks": -1_300,
        },
        FEBRUARY: {"converted": 6_300},
    }
    sums = {month: sum(told.values()) for month, told in steps.items()}
    assert sums == ledger(built, BALANCE, "1010") == {JANUARY: 46_357, FEBRUARY: 6_300}
    assert bridge(built, BALANCE, "USD") == {
        FEBRUARY: {"without_invoice": 7_000, "converted": -7_000}
    }


def test_metrics_of_payments_refunds_and_fees_are_those_of_the_bridge(built: Warehouse) -> None:
    paid, refunded, fees = (
        {key: value for key, value in points(built, BALANCE, name).items() if value}
        for name in ("payments", "refunds", "fees")
    )
    assert paid == {("EUR", "2026-01"): 49_400, ("USD", "2026-02"): 7_000}
    assert refunded == {}
    assert fees == {("EUR", "2026-01"): 2_038}


def test_what_is_voided_later_is_deferred_until_then(built: Warehouse) -> None:
    """Five invoices of 59.00; one is voided on its fourth day, one in February, one in March."""
    deferred = {JANUARY: 4 * 5_900 - 6_200, FEBRUARY: 5_900, MARCH: 0}
    rows = built.rows(
        "select toStartOfMonth(day) as month, sum(billed_minor) as billed,"
        " sum(recognised_minor) as earned, sum(taken_back_minor) as back,"
        " argMax(deferred_minor, day) as deferred from marts.fct_revenue_daily"
        " where workspace_id = {workspace:String} group by month",
        {"workspace": VOIDED},
    )
    assert {row["month"]: tuple(row.values())[1:] for row in rows} == {
        JANUARY: (5 * 5_900 - 5_900, 6_200, 0, deferred[JANUARY]),
        FEBRUARY: (-5_900, 5_600, 2_950, deferred[FEBRUARY]),
        MARCH: (-5_900, 0, 0, 0),
    }
    standing, moved = Counter[date](), 0
    owed = ledger(built, VOIDED, "2200")
    for month in (JANUARY, FEBRUARY, MARCH):
        moved -= owed[month]
        standing[month] = moved
    assert dict(standing) == deferred
    assert points(built, VOIDED, "deferred_revenue") == {
        ("EUR", str(month)[:7]): minor for month, minor in deferred.items()
    }
    assert points(built, VOIDED, "revenue") == {
        ("EUR", "2026-01"): 2 * LOST[JANUARY],
        ("EUR", "2026-02"): 2 * LOST[FEBRUARY],
        ("EUR", "2026-03"): 0,
    }
    # What is known now: the one that is given up, and half of the one that was credited.
    assert bridge(built, VOIDED) == {
        JANUARY: {
            "one_off": 11_800, "tax": 2_200, "credited_before_payment": -3_500,
            "still_owed": -3_500, "written_off": -7_000,
        }
    }  # fmt: skip


def test_a_line_that_was_taken_off_a_draft_earns_nothing(built: Warehouse) -> None:
    """Of 150.00 that landed 100.00 were billed, and the shipping that stayed."""
    rows = built.rows(
        "select line_id, kind, net_minor, tax_minor from marts.fct_revenue_lines final"
        " where workspace_id = {workspace:String} order by line_id",
        {"workspace": drafted_rows.WORKSPACE},
    )
    assert [tuple(row.values()) for row in rows] == [
        ("il_bare", "one_off", 300, 0), ("il_kept", "one_off", 10_000, 0),
        ("il_silent", "one_off", 810, 90), ("in_drafted:shipping", "one_off", 800, 152),
        ("in_silent:shipping", "one_off", 500, 0),
    ]  # fmt: skip
    months = {
        account: ledger(built, drafted_rows.WORKSPACE, account)
        for account in ("1100", "2200", "2300", "4000")
    }
    assert months == {
        "1100": {JANUARY: 12_652}, "2200": {}, "2300": {JANUARY: -242}, "4000": {JANUARY: -12_410}
    }  # fmt: skip
