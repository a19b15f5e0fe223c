"""Is a day's volume like the same weekdays' before it? Of every table with a history at once.

Great Expectations judges one row whose columns are the tables' deviations: a batch costs it several
statements, so a provider's tables share one.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assets.expectation_batches import open_batch, results_of_rows
from assets.suites import Suite
from pipelines.raw import RawTable

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

MOST_DEVIATION = 8.0
COLUMN = "volume"
MOMENTS = {"transactions": "occurred_at", "accounting_documents": "issued_on"}

# A day beside the same weekdays of the twelve weeks before it; too short a history deviates by 0.
_VOLUME = """
with weeks as (
    select intDiv(dateDiff('day', toDate({moment}), today() - {settled}), 7) as week,
        count() as number
    from (
        select {moment} from unified.{unified} final
        where source_table = 'raw.{table}' and {moment} >= today() - {settled} - 84
            and {moment} < today() - {settled} + 1
    )
    where modulo(dateDiff('day', toDate({moment}), today() - {settled}), 7) = 0
    group by week
),
told as (select toFloat64(sumIf(number, week = 0)) as today_s, [{history}] as history from weeks),
usual_days as (
    select today_s, history, arrayReduce('medianExact', history) as usual from told
),
spread_days as (
    select today_s, history, usual,
        arrayReduce('medianExact', arrayMap(day -> abs(day - usual), history)) as spread
    from usual_days
)
select if(arrayCount(day -> day > 0, history) < 6, 0,
    (today_s - usual) / greatest(1.4826 * spread, sqrt(usual), 1)) as volume
from spread_days
"""
_HISTORY = ", ".join(f"toFloat64(sumIf(number, week = {week}))" for week in range(1, 13))


def validate_volumes(
    source: "SQLDatasource", provider: str, suites: Sequence[Suite]
) -> dict[str, dict[str, Any]]:
    """Compare each table's day with the same weekdays before it, in units of their usual spread.

    Args:
        source: Great Expectations' way to ClickHouse.
        provider: Whose tables they are.
        suites: Of which each names the unified table that holds its history.

    Returns:
        Great Expectations' result of each suite, by its object.
    """
    import great_expectations as gx

    if not suites:
        return {}
    columns = {f"{COLUMN}_{place}": suite for place, suite in enumerate(suites)}
    query = "select " + ", ".join(
        f"({_deviation(provider, suite)}) as {column}" for column, suite in columns.items()
    )
    expect: Any = gx.expectations
    expected = [
        expect.ExpectColumnValuesToBeBetween(
            column=column, min_value=-MOST_DEVIATION, max_value=MOST_DEVIATION
        )
        for column in columns
    ]
    batch = open_batch(source, f"{provider}_volumes", query)
    results = results_of_rows(batch, expected, 1)
    return {columns[_column_of(result)].object: _of_one_table(result) for result in results}


def _deviation(provider: str, suite: Suite) -> str:
    return _VOLUME.format(
        table=RawTable(provider, suite.object).table, unified=suite.unified,
        moment=MOMENTS[str(suite.unified)], settled=suite.settled_days, history=_HISTORY,
    )  # fmt: skip


def _column_of(result: Mapping[str, Any]) -> str:
    return str(result["expectation_config"]["kwargs"]["column"])


def _of_one_table(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result as that of a table's own column: its place among others means nothing."""
    config = result["expectation_config"]
    kwargs = {**config["kwargs"], "column": COLUMN}
    return {**result, "expectation_config": {**config, "kwargs": kwargs}}
