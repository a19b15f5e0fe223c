"""How do all transactions leave at once? As CSV or Parquet that ClickHouse writes, passed through.

The API holds no more than a part of the file at a time. Amounts are integers in the currency's
minor unit, as in unified. A spreadsheet runs a cell that begins with = + - @, a tab or a carriage
return: in CSV such a text gets an apostrophe before it; Parquet has every text as it is. If
ClickHouse fails in the middle, the transfer breaks off: no client can take a part for the whole.
"""

from itertools import chain
from typing import Any, Literal

from fastapi.responses import StreamingResponse
from pydantic import Field

from serving.auth.scope import TransactionsExport
from serving.transactions import queries
from serving.transactions.filters import TransactionFilters

Format = Literal["csv", "parquet"]
WRITTEN_AS: dict[Format, tuple[str, str]] = {
    "csv": ("CSVWithNames", "text/csv; charset=utf-8"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {media_type.split(";")[0]: {} for _, media_type in WRITTEN_AS.values()},
    }
}


class ExportFilters(TransactionFilters):
    """What to export, and as what."""

    format: Format = Field(default="csv", description="`csv` (with a row of names) or `parquet`")


def export(scope: TransactionsExport, filters: ExportFilters) -> StreamingResponse:
    """Answer with the file; a query that ClickHouse refuses is a problem, not half a file."""
    output_format, media_type = WRITTEN_AS[filters.format]
    parts = scope.stream(
        queries.EXPORTS[filters.format], filters.parameters(), output_format=output_format
    )
    first = next(parts, b"")  # has the query begun while a problem can still be answered
    name = f"transactions.{filters.format}"
    return StreamingResponse(
        chain([first], parts),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
