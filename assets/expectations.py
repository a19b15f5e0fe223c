"""Which expectations does Great Expectations hold the raw edge to? A suite per table of money.

The suites run as SQL in ClickHouse, over its HTTP interface, on the rows of the table's last day
(at most `MOST_ROWS`): what has landed since the last run is in there, whatever the table's size.
Regular expressions are not supported on this dialect. Results carry counts, never values: values
may be personal data. The library is imported when the check runs; it takes seconds and 200 MB.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from assets.translator import raw_key
from core.clock import epoch_microseconds, utc_now
from core.settings import Settings
from pipelines.ingest import prepare_warehouse
from pipelines.raw import COLUMNS, RawTable

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

CHECK = "meets_expectations"
MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Suite:
    """What a table is held to beyond its shape: a currency in the payload, rows that must exist."""

    object: str
    has_currency: bool = True
    must_have_rows: bool = False


SUITES: dict[str, tuple[Suite, ...]] = {
    "stripe": (
        Suite("customer", has_currency=False, must_have_rows=True),
        Suite("price"),
        Suite("invoice"),
        Suite("payment_intent"),
        Suite("charge", must_have_rows=True),
        Suite("refund"),
        Suite("dispute"),
        Suite("balance_transaction", must_have_rows=True),
        Suite("payout"),
    ),
}

_RECENT = """
select *{currency} from raw.{table}
where extracted_at >= (select max(extracted_at) - interval 1 day from raw.{table})
limit {limit}
"""
# A tombstone has no currency; any other row without one has the empty text, which is too short.
_CURRENCY = ", if(is_deleted = 1, null, JSONExtractString(payload, 'currency')) as currency"


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
                description="Great Expectations: columns, ids, versions, origins, currencies.",
            )
            for suite in suites
        ],
    )
    def expectations(
        context: AssetCheckExecutionContext, settings: ResourceParam[Settings]
    ) -> Iterator[AssetCheckResult]:
        prepare_warehouse(settings)
        source = open_source(settings)
        latest = epoch_microseconds(utc_now() + CLOCK_TOLERANCE)
        for suite in suites:
            table = RawTable(provider, suite.object)
            if AssetCheckKey(raw_key(table.name), CHECK) in context.selected_asset_check_keys:
                results = validate(source, table, suite, latest)
                yield named(evaluate_results(results), raw_key(table.name), CHECK)

    return expectations


def evaluate_results(results: Sequence[Mapping[str, Any]]) -> AssetCheckResult:
    """Judge a suite's results; an expectation that could not run has failed."""
    failed = {_title(result): _words(result) for result in results if not result["success"]}
    only_empty = all(name == "expect_table_row_count_to_be_between" for name in failed)
    return AssetCheckResult(
        passed=not failed,
        severity=AssetCheckSeverity.WARN if only_empty else AssetCheckSeverity.ERROR,
        metadata={
            "expectations": MetadataValue.int(len(results)),
            "failed": MetadataValue.json(failed),
        },
    )


def _title(result: Mapping[str, Any]) -> str:
    config = result["expectation_config"]
    column = config["kwargs"].get("column")
    return f"{config['type']}({column})" if column else str(config["type"])


def _words(result: Mapping[str, Any]) -> str:
    found = result.get("result") or {}
    if "unexpected_count" in found:
        return f"{found['unexpected_count']} of {found.get('element_count', '?')} rows"
    if "observed_value" in found:
        return f"observed {found['observed_value']}"
    return "could not run; see the run's log"


def open_source(settings: Settings) -> "SQLDatasource":
    """Open ClickHouse as a datasource of a context that keeps and sends nothing."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    url = settings.required("clickhouse_url")
    scheme, rest = url.split("://", 1)
    return context.data_sources.add_sql(
        name="raw",
        connection_string=f"clickhousedb://{rest.rstrip('/')}/raw"
        + ("?secure=true" if scheme == "https" else ""),
    )


def validate(
    source: "SQLDatasource", table: RawTable, suite: Suite, latest_version: int
) -> list[dict[str, Any]]:
    """Run a suite on a table's recent rows and return Great Expectations' results as plain data."""
    import great_expectations as gx

    expect: Any = gx.expectations
    expected = [
        expect.ExpectTableColumnsToMatchSet(
            column_set=[*COLUMNS, *(["currency"] if suite.has_currency else [])], exact_match=True
        ),
        expect.ExpectColumnValuesToNotBeNull(column="id"),
        expect.ExpectColumnValuesToNotBeInSet(column="id", value_set=[""]),
        expect.ExpectColumnValuesToBeBetween(
            column="version", min_value=FIRST_VERSION, max_value=latest_version
        ),
        expect.ExpectColumnValuesToBeInSet(column="origin", value_set=list(ORIGINS)),
    ]
    if suite.has_currency:
        expected.append(expect.ExpectColumnValueLengthsToEqual(column="currency", value=3))
    if suite.must_have_rows:
        expected.append(expect.ExpectTableRowCountToBeBetween(min_value=1))
    query = _RECENT.format(
        table=table.table, limit=MOST_ROWS, currency=_CURRENCY if suite.has_currency else ""
    )
    batch = (
        source.add_query_asset(name=table.table, query=query)
        .add_batch_definition_whole_table("recent")
        .get_batch()
    )
    counts_only = {"result_format": "BASIC", "partial_unexpected_count": 0}
    found = batch.validate(
        gx.ExpectationSuite(name=table.table, expectations=expected), result_format=counts_only
    )
    return [result.to_json_dict() for result in found.results]
