"""How do a metric's points leave at once? As CSV, or as Parquet with exact integers and texts.

Points are few (at most one per interval, currency and cut), so that the file is made whole before
it is sent. A spreadsheet runs a cell that begins with = + - @, a tab or a carriage return: in CSV
such a text of the data gets an apostrophe before it; our own numbers do not. With amounts that were
converted comes what could not be, point by point: the column `unconverted`, in CSV as JSON.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import Response

from serving.exporting import WRITTEN_AS
from serving.metrics.answering import Computed, all_points
from serving.metrics.registry import Metric

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def export(metric: Metric, computed: Computed, written_as: str) -> Response:
    """Answer with the file."""
    names = [
        "starts_on",
        "currency",
        *computed.by,
        "value",
        "value_minor",
        "numerator",
        "denominator",
        *(["unconverted"] if computed.rates else []),
    ]
    rows = list(_rows(metric, computed))
    body = _csv(names, rows) if written_as == "csv" else _parquet(names, rows)
    media_type = WRITTEN_AS["csv" if written_as == "csv" else "parquet"][1]
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{metric.name}.{written_as}"'},
    )


def _rows(metric: Metric, computed: Computed) -> Iterator[list[Any]]:
    for point in all_points(metric, computed):
        yield [
            point.starts_on, point.currency, *point.dimensions.values(), point.value,
            point.value_minor, point.numerator, point.denominator,
            *([[one.model_dump() for one in point.unconverted]] if computed.rates else []),
        ]  # fmt: skip


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(names)
    texts = range(2, names.index("value"))  # the cuts
    for row in rows:
        writer.writerow(
            f"'{cell}" if place in texts and str(cell).startswith(_RUN_BY_SPREADSHEETS)
            else json.dumps(cell) if isinstance(cell, list) else cell
            for place, cell in enumerate(row)
        )  # fmt: skip
    return written.getvalue().encode()


def _parquet(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    import pyarrow as pa  # 40 MB, for those who ask for this format
    import pyarrow.parquet as pq

    amount = pa.struct([("currency", pa.string()), ("amount", pa.string())])
    known = dict.fromkeys(("value_minor", "numerator", "denominator"), pa.int64())
    known |= {"starts_on": pa.date32(), "unconverted": pa.list_(amount)}
    types = [known.get(name, pa.string()) for name in names]
    columns = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(types)]
    written = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, names=list(names)), written)
    return bytes(written.getvalue())
