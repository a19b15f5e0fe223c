"""Do metrics that are read from added-up rows tell what the plain statements over all rows tell?

The plain ones set every invoice against every age, every line and every customer against every
interval, and add up every movement of the balance.
"""

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.settings import PROJECT_ROOT
from core.tenancy import TenantId
from core.warehouse import TenantQuery, Warehouse
from serving.metrics.billing import CHARGED, GIVEN_BACK, METRICS, PAID
from serving.metrics.points import Sums, points_of
from serving.metrics.registry import Metric
from serving.metrics.series import Interval, interval_starts
from serving.metrics.statements import parameters, statement
from tests.dbt.company import WORKSPACE, Company

TENANT = TenantId(WORKSPACE)
OWED = """(
    select currency, arrayJoin(arrayFilter(stay -> stay.2 < stay.3, arrayMap(
            stay -> (stay.1, greatest(stay.2, issued), least(stay.3, closed)),
            [('not due', toDate('1970-01-01'), due + 1), ('1 to 30', due + 1, due + 31),
             ('31 to 60', due + 31, due + 61), ('61 to 90', due + 61, due + 91),
             ('over 90', due + 91, toDate('2149-06-06'))]))) as stay,
        stay.1 as age,
        arrayJoin([(stay.2, total_minor), (stay.3, -total_minor)]) as step,
        step.1 as moved_on, step.2 as delta_minor
    from (
        select currency, assumeNotNull(issued_on) as issued, assumeNotNull(due_on) as due,
            ifNull(toDate(closed_at), toDate('2149-06-06')) as closed,
            if(status = 'open', open_minor,
                total_minor - paid_by_balance_minor - credited_before_payment_minor) as total_minor
        from marts.fct_invoices final
        where issued_on is not null and status in ('open', 'paid', 'void', 'uncollectible')
    )
)"""
# What each customer was worth at the begin and at the end of the interval.
CUSTOMERS = """(
    select currency, cohort_month, starts_on, ends_on,
        arrayLast(move -> move.1 < starts_on, moved).2 as opening_minor,
        arrayLast(move -> move.1 < ends_on, moved).2 as closing_minor
    from (
        select currency, customer_id, any(cohort_month) as cohort_month,
            arraySort(groupArray((moved_on, mrr_after_minor))) as moved
        from marts.fct_mrr_movements final
        group by currency, connection_id, customer_id
    )
    array join {starts:Array(Date)} as starts_on, {ends:Array(Date)} as ends_on
)"""
LOST = "countIf(opening_minor > 0 and closing_minor = 0)"
OPENING = "sum(opening_minor)"
KEPT = "sum(least(opening_minor, closing_minor))"
EARNED = """(
    select *, starts_on, ends_on
    from marts.fct_revenue_lines final
    array join {starts:Array(Date)} as starts_on, {ends:Array(Date)} as ends_on
    where greatest(ends_at, billed_at, ifNull(voided_at, billed_at))
        >= toDateTime64(arrayMin({starts:Array(Date)}), 3, 'UTC')
)"""
BY = """if(voided_at is not null or {by} <= billed_at, toInt128(0), if(ends_at <= {by},
    toInt128(net_minor), intDiv(
        toInt128(net_minor) * greatest(dateDiff('second', starts_at, {by}), 0),
        greatest(dateDiff('second', starts_at, ends_at), 1))))"""
BY_START = BY.replace("{by}", "toDateTime64(starts_on, 3, 'UTC')")
BY_END = BY.replace("{by}", "toDateTime64(ends_on, 3, 'UTC')")
DEFERRED = f"""sum(if(billed_at < toDateTime64(ends_on, 3, 'UTC')
    and ifNull(voided_at >= toDateTime64(ends_on, 3, 'UTC'), true), net_minor, 0) - {BY_END})"""
SPANS = {
    "revenue": (EARNED, f"sum({BY_END} - {BY_START})", "0"),
    "deferred_revenue": (EARNED, DEFERRED, "0"),
    "ltv": (CUSTOMERS, OPENING, LOST),
    "net_retention": (CUSTOMERS, "sumIf(closing_minor, opening_minor > 0)", OPENING),
    "gross_retention": (CUSTOMERS, KEPT, OPENING),
    "logo_churn": (CUSTOMERS, LOST, "countIf(opening_minor > 0)"),
    "revenue_churn": (CUSTOMERS, f"{OPENING} - {KEPT}", OPENING),
}
PAYMENTS = f"category in {PAID}"
SETTLED = {
    "payments": PAYMENTS, "refunds": f"category in {GIVEN_BACK}", "fee_rate": PAYMENTS,
    "fees": f"fee_minor != 0 or category in {CHARGED}",
}  # fmt: skip
SINCE, UNTIL = date(2026, 1, 1), date(2026, 11, 20)


@pytest.fixture(scope="module")
def marts(built: Warehouse, company: Company) -> Warehouse:
    return built


def told(
    warehouse: Warehouse, metric: Metric, by: tuple[str, ...], interval: Interval, until: date,
    summed_by: Interval,
) -> list[Any]:  # fmt: skip
    starts = list(interval_starts(SINCE, until, interval))
    asked = parameters(starts, until, None, {})
    rows: list[Mapping[str, Any]] = [
        *warehouse.tenant_rows(TENANT, statement(metric, by, (), summed_by), asked)
    ]
    return points_of(metric, rows, by, starts, until, None)


def spanned(
    warehouse: Warehouse, metric: Metric, by: tuple[str, ...], interval: Interval, until: date
) -> list[Any]:
    """Compute a span's points from all rows behind it, each interval as a whole."""
    source, value, base = SPANS[metric.name]
    starts = list(interval_starts(SINCE, until, interval))
    cuts = "".join(f", toString({metric.dimensions[name]}) as cut_{name}" for name in by)
    query = TenantQuery(
        f"select currency as cut_currency, starts_on as cut_day{cuts},"
        f" toInt64({value}) as sum_value, toInt64({base}) as sum_base from {source} group by all"
    )
    asked = {"starts": starts, "ends": [*starts[1:], until]}
    rows: list[Mapping[str, Any]] = [*warehouse.tenant_rows(TENANT, query, asked)]
    return points_of(replace(metric, standing="", stands_in=()), rows, by, starts, until, None)


def of_something(points: list[Any]) -> list[Any]:
    """Leave out groups of which no interval tells anything: customers of later months."""
    told_of = {point.group for point in points if point.sums != Sums()}
    return [point for point in points if point.group in told_of]


@pytest.mark.parametrize(
    ("by", "interval", "until"),
    [((), "month", UNTIL), ((), "week", UNTIL), (("age",), "month", UNTIL), ((), "day", UNTIL)],
)
def test_what_is_owed_is_what_all_invoices_tell(
    marts: Warehouse, by: tuple[str, ...], interval: Interval, until: date
) -> None:
    metric = METRICS["receivables"]
    expected = told(marts, replace(metric, source=OWED), by, interval, until, "day")
    assert len({point.sums.value for point in expected}) > 5
    assert told(marts, metric, by, interval, until, interval) == expected


@pytest.mark.parametrize(
    ("name", "by", "interval", "until"),
    [
        ("revenue", ("kind", "product_id"), "month", UNTIL),
        ("revenue", ("kind",), "week", UNTIL),
        ("revenue", (), "day", date(2026, 2, 10)),
        ("deferred_revenue", ("kind", "product_id"), "month", UNTIL),
        ("deferred_revenue", (), "week", UNTIL),
        ("net_retention", (), "month", UNTIL),
        ("net_retention", ("cohort_month",), "week", UNTIL),
        ("net_retention", (), "day", date(2026, 3, 10)),
        # Neither a month nor a week ends with a Thursday in April.
        ("net_retention", ("cohort_month",), "month", date(2026, 4, 16)),
        ("gross_retention", (), "week", date(2026, 4, 16)),
        ("gross_retention", ("cohort_month",), "month", UNTIL),
        ("revenue_churn", (), "month", date(2026, 4, 16)),
        ("logo_churn", ("cohort_month",), "month", UNTIL),
        ("logo_churn", (), "week", UNTIL),
        ("ltv", ("cohort_month",), "month", UNTIL),
    ],
)
def test_what_is_told_of_intervals_is_what_all_rows_tell(
    marts: Warehouse, name: str, by: tuple[str, ...], interval: Interval, until: date
) -> None:
    expected = of_something(spanned(marts, METRICS[name], by, interval, until))
    assert len({point.sums for point in expected}) > 3
    assert of_something(told(marts, METRICS[name], by, interval, until, interval)) == expected


@pytest.mark.parametrize(
    ("name", "by", "interval"),
    [
        ("payments", ("method", "country"), "day"),
        ("payments", ("brand",), "month"),
        ("refunds", (), "week"),
        ("fees", ("category", "payment_currency"), "day"),
        ("fees", ("method", "country"), "month"),
        ("fee_rate", ("balance_currency",), "week"),
    ],
)
def test_what_the_processor_took_is_what_all_its_movements_tell(
    marts: Warehouse, name: str, by: tuple[str, ...], interval: Interval
) -> None:
    metric = METRICS[name]
    every = replace(metric, mart="marts.fct_settlements", day="toDate(booked_at)")
    expected = told(marts, replace(every, where=SETTLED[name]), by, interval, UNTIL, "day")
    assert len({point.sums.value for point in expected}) >= 3
    assert told(marts, metric, by, interval, UNTIL, interval) == expected


def test_metrics_take_movements_for_what_the_ledger_does() -> None:
    with (PROJECT_ROOT / "dbt" / "seeds" / "ledger_mappings.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["provider"] == "stripe"]
    kinds = {
        code: {row["category"] for row in rows if row["account_code"] == code}
        for code in ("1150", "5010")
    }
    assert kinds == {"1150": {*PAID, *GIVEN_BACK}, "5010": {*CHARGED}}


@pytest.mark.parametrize("name", ["live_mrr", "mrr_movements", "arpu", "fees", "trials_started"])
@pytest.mark.parametrize("interval", ["week", "month"])
def test_days_that_clickhouse_adds_up_are_those_that_we_add_up(
    marts: Warehouse, name: str, interval: Interval
) -> None:
    metric = METRICS[name]
    of_days, of_intervals = (
        told(marts, metric, (), interval, UNTIL, summed_by) for summed_by in ("day", interval)
    )
    assert of_intervals == of_days != []
