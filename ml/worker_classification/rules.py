"""Which wordings tell a worker, and from what yearly sum must one be reported? Rows, read once."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import polars as pl

THRESHOLDS: dict[str, pl.DataType] = {
    "year": pl.Int32(),
    "least_minor": pl.Int64(),
    "is_indexed": pl.Boolean(),
    "source": pl.String(),
}


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables."""
    text = files("ml.worker_classification").joinpath("rows", f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def signs() -> dict[str, str]:
    """Return the pattern of each sign, on lower-case text.

    Examples
    --------
    >>> sorted(signs())[:3]
    ['attorney', 'exempt', 'formed']
    """
    found: dict[str, list[str]] = {}
    for row in rows_of("signs"):
        found.setdefault(row["sign"], []).append(row["pattern"])
    return {sign: "|".join(f"(?:{pattern})" for pattern in known) for sign, known in found.items()}


def thresholds(years: pl.Series) -> pl.DataFrame:
    """Return the least yearly sum that a 1099-NEC must report, for each of some years.

    Examples
    --------
    >>> thresholds(pl.Series([2025, 2026, 2027]))["least_minor"].to_list()
    [60000, 200000, 200000]
    """
    found = []
    for year in sorted(years.unique().drop_nulls()):
        for row in rows_of("thresholds"):
            if int(row["from_year"]) <= year <= int(row["to_year"] or year):
                is_indexed = row["is_indexed"] == "yes"
                found.append((year, int(row["least_minor"]), is_indexed, row["source"]))
    return pl.DataFrame(found, schema=THRESHOLDS, orient="row")
