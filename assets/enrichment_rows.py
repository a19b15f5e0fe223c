"""How do answers become rows of `unified.enrichments`, and which of them have changed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa

from core.clock import epoch_microseconds
from core.warehouse import Warehouse
from ml.results import SCHEMA
from ml.tables import COLUMNS, ENRICHMENTS

KEY = ["connection_id", "transaction_id", "facet"]
_SAID = [
    "value", "confidence", "evidence", "model_version", "abstained", "like_key", "occurred_on",
]  # fmt: skip
# Findings of the rows of `of_rows`.
OF_ROWS = """(connection_id, transaction_id) >= ({first_connection:String}, {first_id:String})
    and (connection_id, transaction_id) <= ({last_connection:String}, {last_id:String})
    and ({all:Bool} or transaction_id in {ids:Array(String)})"""
_STORED = f"""
select connection_id, transaction_id, toString(facet) as facet, value, confidence, evidence,
    toString(model_version) as model_version, abstained, like_key, occurred_on, source_version
from {ENRICHMENTS} final
where workspace_id = {{workspace:String}} and facet in {{facets:Array(String)}} and {OF_ROWS}
"""
_KEPT = f"""
select distinct toString(facet) as facet from {ENRICHMENTS}
where workspace_id = {{workspace:String}} and facet in {{facets:Array(String)}} and {OF_ROWS}
"""
# So many ids travel with a query; for more, whatever lies between the first and the last is read:
# the engine takes minutes over a query that names hundreds of thousands.
MOST_IDS = 5_000


@dataclass(frozen=True, slots=True)
class Run:
    """What a scoring of one workspace goes by."""

    warehouse: Warehouse
    workspace: str
    now: datetime
    asked: Mapping[str, Any]


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what stands of each transaction in its findings."""
    return frame.select(
        "connection_id",
        pl.col("id").alias("transaction_id"),
        pl.coalesce(pl.col("booked_on").cast(pl.Date), pl.col("occurred_at").dt.date()).alias(
            "occurred_on"
        ),
        "source_version",
    )


def findings_of(transactions: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return a facet's answers that say something, with the transactions (of `dated`)."""
    said = transactions.hstack(answers).filter(pl.col("value").is_not_null())
    return said.with_columns(pl.col("like_key").fill_null(""))


def nothing_found() -> pl.DataFrame:
    """Return findings of no row."""
    of = {"connection_id": pl.String, "transaction_id": pl.String, "occurred_on": pl.Date,
          "source_version": pl.UInt64}  # fmt: skip
    return pl.DataFrame(schema={**of, **SCHEMA, "like_key": pl.String})


def kept_facets(
    warehouse: Warehouse, workspace: str, facets: Sequence[str], frame: pl.DataFrame
) -> set[str]:
    """Return of which facets anything is stored of a frame's rows: at first of none."""
    asked = {"workspace": workspace, "facets": list(facets), **of_rows(frame)}
    return {row["facet"] for row in warehouse.rows(_KEPT, asked)}


def stored_findings(
    warehouse: Warehouse, workspace: str, facets: Sequence[str], frame: pl.DataFrame
) -> pl.DataFrame:
    """Return what is stored of a frame's rows (sorted by connection and id) for some facets."""
    asked = {"workspace": workspace, "facets": list(facets), **of_rows(frame)}
    return pl.DataFrame(pl.from_arrow(warehouse.arrow(_STORED, asked)))


def of_rows(frame: pl.DataFrame) -> dict[str, Any]:
    """Return the parameters of `OF_ROWS` for a frame that is sorted by connection and id."""
    is_many = frame.height > MOST_IDS
    return {
        "all": is_many, "ids": [] if is_many else frame["id"].to_list(),
        "first_connection": frame["connection_id"][0], "first_id": frame["id"][0],
        "last_connection": frame["connection_id"][-1], "last_id": frame["id"][-1],
    }  # fmt: skip


def changes(
    findings: pl.DataFrame, stored: pl.DataFrame | None, workspace: str, now: datetime
) -> pa.Table:
    """Return the rows to write: new and changed findings, and tombstones of those no more said."""
    written = findings.with_columns(pl.lit(0, pl.UInt8).alias("is_deleted"))
    if stored is not None and stored.height:
        known = stored.select(
            *(pl.col(name).cast(pl.String) for name in KEY),
            pl.col("value").cast(pl.String), pl.col("confidence"),
            *(pl.col(name).cast(pl.String) for name in ("evidence", "model_version")),
            pl.col("abstained").cast(pl.Boolean), pl.col("like_key").cast(pl.String),
            pl.col("occurred_on").cast(pl.Date), pl.col("source_version"),
        )  # fmt: skip
        changed = written.join(known, on=[*KEY, *_SAID], how="anti", nulls_equal=True)
        gone = known.join(findings, on=KEY, how="anti")
        tombstones = gone.with_columns(pl.lit(1, pl.UInt8).alias("is_deleted"))
        written = pl.concat([changed, tombstones.select(changed.columns)], how="vertical_relaxed")
    stamped = written.with_columns(
        pl.lit(workspace).alias("workspace_id"),
        pl.lit(now).cast(pl.Datetime("ms", "UTC")).alias("enriched_at"),
        pl.lit(epoch_microseconds(now)).cast(pl.UInt64).alias("version"),
    ).select(*COLUMNS)
    return stamped.to_arrow(compat_level=pl.CompatLevel.oldest())


assert set(_SAID) - {"like_key", "occurred_on"} == set(SCHEMA) - {"facet"}
