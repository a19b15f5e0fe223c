"""Do metrics of what is owed and earned tell what the plain statements over all rows tell?

The plain ones set every invoice against every age and every line against every interval.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from core.tenancy import TenantId
from core.warehouse import Warehouse
from serving.metrics.billing import METRICS
from serving.metrics.points import points_of
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
EARNED = """(
    select *, starts_on, ends_on
    from marts.fct_revenue_lines final
    array join {starts:Array(Date)} as starts_on, {ends:Array(Date)} as ends_on
    where greatest(ends_at, billed_at) >= toDateTime64(arrayMin({starts:Array(Date)}), 3, 'UTC')
)"""
BY = """if({by} <= billed_at, toInt128(0), if(ends_at <= {by}, toInt128(net_minor),
    intDiv(toInt128(net_minor) * greatest(dateDiff('second', starts_at, {by}), 0),
        greatest(dateDiff('second', starts_at, ends_at), 1))))"""
BY_START = BY.replace("{by}", "toDateTime64(starts_on, 3, 'UTC')")
BY_END = BY.replace("{by}", "toDateTime64(ends_on, 3, 'UTC')")
DEFERRED = f"sum(if(billed_at < toDateTime64(ends_on, 3, 'UTC'), net_minor, 0) - {BY_END})"
PLAIN = {
    "receivables": (OWED, "delta_minor"),
    "revenue": (EARNED, f"sum({BY_END} - {BY_START})"),
    "deferred_revenue": (EARNED, DEFERRED),
}
SINCE, UNTIL = date(2026, 1, 1), date(2026, 11, 20)


@pytest.fixture(scope="module")
def marts(built: Warehouse, company: Company) -> Warehouse:
    return built


def told(
    warehouse: Warehouse, metric: Metric, by: tuple[str, ...], interval: Interval, until: date,
    summed_by: Interval,
) -> list[Any]:  # fmt: skip
    starts = list(interval_starts(SINCE, until, interval))
    asked = parameters(metric, starts, until, None, {})
    rows: list[Mapping[str, Any]] = [
        *warehouse.tenant_rows(TENANT, statement(metric, by, (), summed_by), asked)
    ]
    return points_of(metric, rows, by, starts, until, None)


@pytest.mark.parametrize(
    ("name", "by", "interval", "until"),
    [
        ("receivables", ("age",), "month", UNTIL),
        ("receivables", ("age",), "week", UNTIL),
        ("receivables", (), "day", UNTIL),
        ("revenue", ("kind", "product_id"), "month", UNTIL),
        ("revenue", ("kind",), "week", UNTIL),
        ("revenue", (), "day", date(2026, 2, 10)),
        ("deferred_revenue", ("kind", "product_id"), "month", UNTIL),
        ("deferred_revenue", (), "week", UNTIL),
    ],
)
def test_what_is_read_is_what_all_rows_tell(
    marts: Warehouse, name: str, by: tuple[str, ...], interval: Interval, until: date
) -> None:
    metric = METRICS[name]
    source, value = PLAIN[name]
    plain = replace(metric, source=source, value=value)
    expected = told(marts, plain, by, interval, until, "day")
    assert len({point.sums.value for point in expected}) > 5
    assert told(marts, metric, by, interval, until, interval) == expected


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
