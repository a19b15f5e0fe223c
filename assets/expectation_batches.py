"""How is a statement's result held to expectations? By Great Expectations, in as few as it can do.

The library is imported when a check runs; it takes seconds and 200 MB.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.settings import Settings

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


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


def open_batch(source: "SQLDatasource", name: str, query: str) -> "Batch":
    """Return the rows of a statement as something that can be validated."""
    asset = source.add_query_asset(name=name, query=query)
    return asset.add_batch_definition_whole_table("recent").get_batch()


def results_of(
    batch: "Batch", expected: Sequence[Any], result_format: Any = _COUNTS_ONLY
) -> list[dict[str, Any]]:
    """Validate, and return Great Expectations' results as plain data, without values of rows."""
    import great_expectations as gx

    found = batch.validate(
        gx.ExpectationSuite(name="recent", expectations=list(expected)),
        result_format=result_format,
    )
    return [result.to_json_dict() for result in found.results]


def results_of_rows(
    batch: "Batch", expected: Sequence[Any], rows: int | None
) -> list[dict[str, Any]]:
    """Validate what is expected of each of so many rows.

    Whether all hold is one statement for all; how often one does not is a statement for each, so
    that is asked only when one does not.
    """
    found = results_of(batch, expected, "BOOLEAN_ONLY")
    if not all(one["success"] for one in found):
        return results_of(batch, expected)
    return [{**one, "result": {"element_count": rows, "unexpected_count": 0}} for one in found]
