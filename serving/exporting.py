"""How does a whole list leave at once? As CSV or Parquet that ClickHouse writes, passed through.

The API holds no more than a part of the file at a time. Amounts are integers in the currency's
minor unit, as in the warehouse. A spreadsheet runs a cell that begins with = + - @, a tab or a
carriage return: in CSV such a text gets an apostrophe before it; Parquet has every text as it is.
A list of things is JSON in CSV, as the API has it, and a list in Parquet.
If ClickHouse fails in the middle, the transfer breaks off: no client can take a part for the whole.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Literal

from fastapi.responses import StreamingResponse
from pydantic import Field

from core.warehouse import TenantQuery
from serving.auth.scope import TenantScope

Format = Literal["csv", "parquet"]
FileFormat = Annotated[Format, Field(description="`csv` (with a row of names) or `parquet`")]
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


def exports(
    wanted: str, columns: Sequence[str], *, no_texts: Collection[str], lists: Collection[str] = ()
) -> dict[Format, TenantQuery]:
    """Return the queries of a list's files.

    Args:
        wanted: Selects the rows, `workspace_id` with them, in the order of the file. The filters
            are applied inside: outside, a column's name would mean its rewritten text.
        columns: What is written.
        no_texts: Columns that a spreadsheet cannot run.
        lists: Those of them that hold several things.
    """
    texts = (
        f"toJSONString({name}) as {name}" if name in lists
        else name if name in no_texts else _text(name)
        for name in columns
    )  # fmt: skip
    return {
        "csv": TenantQuery(f"with wanted as ({wanted}) select {', '.join(texts)} from wanted"),
        "parquet": TenantQuery(
            f"with wanted as ({wanted}) select {', '.join(columns)} from wanted"
        ),
    }


def export(
    scope: TenantScope,
    queries: Mapping[Format, TenantQuery],
    parameters: Mapping[str, Any],
    file_format: Format,
    name: str,
) -> StreamingResponse:
    """Answer with the file; a query that ClickHouse refuses is a problem, not half a file."""
    output_format, media_type = WRITTEN_AS[file_format]
    with scope.quota():
        parts = scope.stream(queries[file_format], parameters, output_format=output_format)
        first = next(parts, b"")  # has the query begun while a problem can still be answered
    return StreamingResponse(
        chain([first], parts),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{file_format}"'},
    )


def _text(column: str) -> str:
    """Return a column for a spreadsheet, which would run what begins like a formula."""
    return (
        f"if(match({column}, '^[=+\\\\-@\\t\\r]'), concat('\\'', {column}), {column}) as {column}"
    )
