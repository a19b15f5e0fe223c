"""Of whom must a history be asked again since rows landed? Rows that share a name, or some days.

A series, an anomaly, a worker's year hang together by a name: the merchant's or counterparty's.
So what landed, what was there before it, a level that moved, a transfer that is one no more, and a
new day (which ends series) each bring their names, and every row that has one is read. It may be
too many names, never one too few: then what is found of the rest is what was found before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from assets.enrichment_rows import Run, stored_findings
from core.warehouse import Warehouse
from ml.anomaly.levels import GRID
from ml.feature_queries import (
    LANDED,
    NAMES_OF_COUNTED,
    NAMES_OF_DAYS,
    NAMES_OF_MONTHS,
    NAMES_OF_ROWS,
)
from ml.registry import BY_NAME

ROW = ["connection_id", "id"]
_COUNTED = "1099-NEC 2"


@dataclass(frozen=True, slots=True)
class Landed:
    """What landed since a run, and what was found of it before.

    Attributes:
    ----------
    rows
        `connection_id`, `id` and `is_deleted`.
    before
        Findings of them, before these are scored.
    """

    rows: pl.DataFrame
    before: pl.DataFrame


def landed(run: Run, since: int, scored_to: int) -> Landed:
    """Return what landed after a moment, or shortly before it and was not seen then.

    Args:
        run: The scoring.
        since: How far to look back, in milliseconds.
        scored_to: What landed later was not seen, in milliseconds.
    """
    warehouse, workspace = run.warehouse, run.workspace
    asked = {"workspace": workspace, "since": since}
    rows = pl.DataFrame(pl.from_arrow(warehouse.arrow(LANDED, asked)))
    if not rows.height:
        return Landed(rows, pl.DataFrame())
    before = stored_findings(warehouse, workspace, [*BY_NAME], rows).rename(
        {"transaction_id": "id"}
    )
    before = before.join(rows, on=ROW, how="semi")
    scored = before.group_by(ROW).agg(pl.col("source_version").max().alias("scored_version"))
    is_late = pl.col("landed_at").dt.epoch("ms") > scored_to
    is_known = (pl.col("scored_version") >= pl.col("version")).fill_null(value=False)
    new = rows.join(scored, on=ROW, how="left", maintain_order="left").filter(is_late | ~is_known)
    return Landed(
        new.select(*ROW, pl.col("is_deleted").cast(pl.Boolean)),
        before.join(new, on=ROW, how="semi"),
    )


def names_touched(
    warehouse: Warehouse, workspace: str, before: pl.DataFrame, now: pl.DataFrame
) -> set[str]:
    """Return the names that stand on what landed, and stood on it before.

    Args:
        warehouse: ClickHouse.
        workspace: Whose rows.
        before: What was found of these rows.
        now: `name` and `counterparty` of those that are still there.
    """
    named = before.filter(pl.col("facet") == "merchant")["value"]
    names = {*named, *now["name"], *now["counterparty"]}
    # Whose year an old row was counted to is not kept: whoever's it may have been.
    counted = before.filter(
        (pl.col("facet") == "worker_classification")
        & pl.col("evidence").str.contains(_COUNTED, literal=True)
    )
    years = counted["occurred_on"].cast(pl.Date).dt.year().unique().drop_nulls().to_list()
    if years:
        names |= _names(warehouse, NAMES_OF_COUNTED, workspace, years=years)
    return {name for name in names if name}


def names_of_rows(warehouse: Warehouse, workspace: str, rows: pl.DataFrame) -> set[str]:
    """Return the names on some rows."""
    if not rows.height:
        return set()
    connections, ids = (rows[name].to_list() for name in ROW)
    return _names(warehouse, NAMES_OF_ROWS, workspace, connections=connections, ids=ids)


def names_of_levels(warehouse: Warehouse, workspace: str, steps: pl.DataFrame) -> set[str]:
    """Return the names on the payments of which a level that moved may say something else.

    Args:
        warehouse: ClickHouse.
        workspace: Whose rows.
        steps: Of `assets.enrichment_levels.between`.
    """
    if not steps.height:
        return set()
    asked = {
        "connections": steps["connection_id"].to_list(),
        "accounts": steps["account_id"].to_list(),
        "currencies": steps["currency"].to_list(), "months": steps["month"].to_list(),
        "steps": steps["low"].to_list(), "grid": GRID,
    }  # fmt: skip
    return _names(warehouse, NAMES_OF_MONTHS, workspace, **asked)


def names_of_day(warehouse: Warehouse, workspace: str, last: date, today: date) -> set[str]:
    """Return the names of whom a new day may tell something new."""
    if last == today:
        return set()
    return _names(warehouse, NAMES_OF_DAYS, workspace, after=last, until=today)


def _names(warehouse: Warehouse, query: str, workspace: str, **asked: Any) -> set[str]:
    return {str(row["name"]) for row in warehouse.rows(query, {"workspace": workspace, **asked})}
