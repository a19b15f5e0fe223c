"""How are a provider's suites run? By Great Expectations, as SQL in ClickHouse, as asset checks.

A suite looks at the rows of the table's last day (at most `MOST_ROWS`): what has landed since the
last run is in there, whatever the table's size. Two more questions go beyond those rows: is the
table as fresh as its provider's visits are, and is a day's volume like those of the same weekdays
before it? Regular expressions are not supported on this dialect. Results carry counts, never
values: values may be personal data. The library is imported when the check runs; it takes seconds
and 200 MB. What the suites are: `suites.py`; how they are shown: `data_docs.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    MetadataValue,
    ResourceParam,
    multi_asset_check,
)

from assets.checks import CLOCK_TOLERANCE, FIRST_VERSION, ORIGINS, named
from assets.data_docs import SuiteResult, found_words, publish
from assets.expectation_batches import open_batch, open_source, results_of, results_of_rows
from assets.expected_volumes import MOMENTS, validate_volumes
from assets.suites import SUITES, Field, Suite
from assets.sync import askable
from assets.translator import raw_key
from core.clock import epoch_microseconds, utc_now
from core.connections import ConnectionStore
from core.settings import Settings
from core.warehouse import Warehouse
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS, RawTable

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

CHECK = "meets_expectations"
MOST_ROWS = 100_000
MOST_AMOUNT = 10**13  # in major units: more than any company's, less than an overflow
FIRST_DAY, DAYS_AHEAD = datetime(1990, 1, 1, tzinfo=UTC).date(), timedelta(days=800)
# Of these the reason lies outside the rows: nobody pulls, or much less happened than usual.
_WARNINGS = {"table_row_count", "column_max", "volume"}

_RECENT = """
select {columns} from raw.{table}
where extracted_at >= (select max(extracted_at) - interval 1 day from raw.{table})
limit {limit}
"""
_IS_THERE = "select 1 from system.tables where database = 'unified' and name = {name:String}"


def build_expectation_checks(provider: str) -> AssetChecksDefinition:
    """Return a provider's suites as asset checks."""
    suites = SUITES[provider]

    @multi_asset_check(
        name=f"{provider}_expectations",
        can_subset=True,
        specs=[
            AssetCheckSpec(
                CHECK,
                asset=raw_key(RawTable(provider, suite.object).name),
                description="Great Expectations: schema, nulls, ranges, freshness, volume.",
            )
            for suite in suites
        ],
    )
    def expectations(
        context: AssetCheckExecutionContext,
        settings: ResourceParam[Settings],
        connections: ResourceParam[ConnectionStore],
        warehouse: ResourceParam[Warehouse],
    ) -> Iterator[AssetCheckResult]:
        prepare_warehouse(settings)
        chosen = context.selected_asset_check_keys
        asked = [
            suite
            for suite in suites
            if AssetCheckKey(raw_key(RawTable(provider, suite.object).name), CHECK) in chosen
        ]
        is_watched = bool(askable(connections.all_of(provider), None))
        found = run_suites(settings, warehouse, provider, asked, is_watched=is_watched)
        page = publish(settings, provider, found, utc_now())
        for result in found:
            verdict = evaluate_results(result.results, page)
            yield named(verdict, raw_key(f"raw.{result.table}"), CHECK)

    return expectations


def evaluate_results(results: Sequence[Mapping[str, Any]], page: str = "") -> AssetCheckResult:
    """Judge a suite's results; an expectation that could not run has failed."""
    failed = {_title(result): found_words(result) for result in results if not result["success"]}
    only_warnings = all(any(mark in name for mark in _WARNINGS) for name in failed)
    return AssetCheckResult(
        passed=not failed,
        severity=AssetCheckSeverity.WARN if only_warnings else AssetCheckSeverity.ERROR,
        metadata={
            "expectations": MetadataValue.int(len(results)),
            "failed": MetadataValue.json(failed),
            **({"data_docs": MetadataValue.url(page)} if page else {}),
        },
    )


def _title(result: Mapping[str, Any]) -> str:
    config = result["expectation_config"]
    column = config["kwargs"].get("column")
    return f"{config['type']}({column})" if column else str(config["type"])


def run_suites(
    settings: Settings,
    warehouse: Warehouse,
    provider: str,
    suites: Sequence[Suite],
    *,
    is_watched: bool,
) -> list[SuiteResult]:
    """Run suites one after the other.

    Args:
        settings: Where ClickHouse is.
        warehouse: Says which unified tables there are to take a history from.
        provider: Whose suites they are.
        suites: What to run.
        is_watched: Whether somebody is connected, so that tables are expected to be fresh.
    """
    source, now = open_source(settings), utc_now()
    unified = {name for name in MOMENTS if warehouse.rows(_IS_THERE, {"name": name})}
    volumes = validate_volumes(source, provider, [s for s in suites if s.unified in unified])
    found = []
    for suite in suites:
        table = RawTable(provider, suite.object)
        results = validate(source, table, suite, now, is_watched=is_watched)
        if suite.object in volumes:
            results.append(volumes[suite.object])
        found.append(SuiteResult(table.table, results))
    return found


def validate(
    source: "SQLDatasource",
    table: RawTable,
    suite: Suite,
    now: datetime,
    *,
    is_watched: bool = False,
) -> list[dict[str, Any]]:
    """Run a suite on a table's recent rows and return Great Expectations' results as plain data."""
    import great_expectations as gx

    expect: Any = gx.expectations
    latest = epoch_microseconds(now + CLOCK_TOLERANCE)
    added = {field.name: field.sql for field in suite.fields}
    if suite.fresh_within is not None and is_watched:
        added["seen_at"] = "toUnixTimestamp(extracted_at) * 1000000 as seen_at"
    of_the_table = [
        expect.ExpectTableColumnsToMatchSet(column_set=[*COLUMNS, *added], exact_match=True),
        expect.ExpectTableRowCountToBeBetween(min_value=int(suite.must_have_rows)),
    ]
    if "seen_at" in added and suite.fresh_within is not None:
        oldest = epoch_microseconds(now - suite.fresh_within)
        of_the_table.append(expect.ExpectColumnMaxToBeBetween(column="seen_at", min_value=oldest))
    of_each_row = [
        expect.ExpectColumnValuesToNotBeNull(column="id"),
        expect.ExpectColumnValuesToNotBeInSet(column="id", value_set=[""]),
        expect.ExpectColumnValuesToBeBetween(
            column="version", min_value=FIRST_VERSION, max_value=latest
        ),
        expect.ExpectColumnValuesToBeInSet(column="origin", value_set=list(ORIGINS)),
        *(made for field in suite.fields for made in expected_of(expect, field, now)),
    ]
    columns = ", ".join(("*", *added.values()))
    query = _RECENT.format(table=table.table, limit=MOST_ROWS, columns=columns)
    batch = open_batch(source, table.table, query)
    found = results_of(batch, of_the_table)
    [rows] = [one["result"].get("observed_value") for one in found if _is_row_count(one)]
    if not suite.must_have_rows:  # it was asked for the number alone
        found = [one for one in found if not _is_row_count(one)]
    return found + results_of_rows(batch, of_each_row, rows)


def _is_row_count(result: Mapping[str, Any]) -> bool:
    return str(result["expectation_config"]["type"]) == "expect_table_row_count_to_be_between"


def expected_of(expect: Any, field: Field, now: datetime) -> list[Any]:
    """Return what is expected of one value of the payload."""
    if field.kind == "text":
        return [expect.ExpectColumnValuesToNotBeInSet(column=field.name, value_set=[""])]
    if field.kind == "currency":
        return [expect.ExpectColumnValueLengthsToEqual(column=field.name, value=3)]
    least, most = (
        (-MOST_AMOUNT, MOST_AMOUNT)
        if field.kind == "amount"
        else (FIRST_DAY, now.date() + DAYS_AHEAD)
    )
    return [
        expect.ExpectColumnValuesToNotBeNull(column=field.name),
        expect.ExpectColumnValuesToBeBetween(column=field.name, min_value=least, max_value=most),
    ]
