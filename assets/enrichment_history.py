"""How are facets that read a history asked again, of what landed and what hangs together with it?

    what landed → transfers of those days → names touched → all rows of these names → facets

The answers are those that the whole history would give (`tests/assets/test_enrichment_history.py`):
transfers hang together by days, all else by names (`assets.enrichment_touched`), and what bears on
every row, accounts and levels, is brought along (`assets.enrichment_levels`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
import pyarrow as pa

from assets.enrichment_levels import Surroundings, between, keep, moved, surroundings
from assets.enrichment_rows import KEY, Run, changes, dated, findings_of, nothing_found
from assets.enrichment_touched import (
    ROW,
    Landed,
    names_of_day,
    names_of_levels,
    names_of_rows,
    names_touched,
)
from ml.enriching import enriched
from ml.facet import Beyond
from ml.feature_queries import (
    FINDINGS_OF_DAYS,
    FINDINGS_OF_NAMES,
    TRANSACTIONS_OF_DAYS,
    TRANSACTIONS_OF_NAMES,
)
from ml.registry import BY_NAME
from ml.results import SCHEMA
from ml.tables import ENRICHMENTS
from ml.transfer.lines import DAYS, pairs_of

_TRANSFER = "transfer"
# Transfers that hang together by others between them: so many days are read at first.
_FIRST_REACH = 4 * DAYS


def score_histories(
    run: Run, facets: Sequence[str], new: Landed, last: date, around: Surroundings
) -> tuple[int, int]:  # fmt: skip
    """Ask again what landed rows, or a new day, may change; return rows asked and findings changed.

    Args:
        run: The scoring.
        facets: Facets that read a history.
        new: What landed, and what was found of it before.
        last: The day of the run before.
        around: The workspace's accounts and levels, before this run.
    """
    beyond = Beyond(accounts=around.accounts)
    fresh = _read(run, TRANSACTIONS_OF_NAMES, names=[], **_ids(new.rows))
    merchants = dict(enriched(fresh, as_of=run.now.date(), facets=["merchant"], **run.asked))[
        "merchant"
    ]
    named = fresh.select("counterparty").with_columns(merchants["value"].alias("name"))
    asked, changed = 0, 0
    names = names_touched(run.warehouse, run.workspace, new.before, named)
    if _TRANSFER in facets:
        moves = _transfers(run, new, fresh, beyond)
        _write(run, moves)
        changed += moves.num_rows
        moved_rows = pl.DataFrame(pl.from_arrow(moves)).select(
            "connection_id", pl.col("transaction_id").alias("id")
        )
        if moved_rows.height:
            names |= names_of_rows(run.warehouse, run.workspace, moved_rows)
            around = surroundings(run.warehouse, run.workspace)
    others = [name for name in facets if name != _TRANSFER]
    if others:
        steps = moved(run.warehouse, run.workspace, around.levels)
        if "anomaly" in others:
            names |= names_of_levels(run.warehouse, run.workspace, between(steps))
        names |= names_of_day(run.warehouse, run.workspace, last, run.now.date())
        asked, more = _named(run, others, new.rows, names, beyond, around.levels)
        changed += more
        if "anomaly" in others:
            keep(run.warehouse, run.workspace, steps, run.now)
    return asked, changed


def _transfers(run: Run, new: Landed, fresh: pl.DataFrame, beyond: Beyond) -> pa.Table:
    """Return changed findings of transfers, among the days on which something landed."""
    days = {
        *dated(fresh)["occurred_on"].drop_nulls(),
        *new.before.get_column("occurred_on", default=pl.Series([], dtype=pl.Date))
        .cast(pl.Date)
        .drop_nulls(),
    }
    if not days:
        return changes(nothing_found(), None, run.workspace, run.now)
    near = _around(days, DAYS)
    reach = _FIRST_REACH
    while True:
        frame = _read(run, TRANSACTIONS_OF_DAYS, days=sorted(_around(days, reach)))
        on = dated(frame)["occurred_on"]
        together = pairs_of(frame)
        is_asked = _connected(on.is_in(list(near)), together)
        inner = _around(days, reach - DAYS)
        if on.filter(is_asked).is_in(list(inner)).all():
            break
        reach *= 2
    answers = dict(enriched(frame, as_of=run.now.date(), facets=[_TRANSFER], beyond=beyond,
                            **run.asked))[_TRANSFER]  # fmt: skip
    found = findings_of(dated(frame), answers).join(
        _keys(frame.filter(is_asked)), on=KEY[:2], how="semi"
    )
    rows = pl.concat([frame.filter(is_asked).select(ROW), new.rows.select(ROW)]).unique()
    asked = {"facets": [_TRANSFER], "days": sorted(_around(days, reach)), **_ids(new.rows)}
    stored = _newest(_read(run, FINDINGS_OF_DAYS, **asked))
    stored = stored.join(_keys(rows), on=KEY[:2], how="semi")
    return changes(found, stored, run.workspace, run.now)


def _named(
    run: Run, facets: Sequence[str], landed: pl.DataFrame, names: set[str], beyond: Beyond,
    levels: pl.DataFrame,
) -> tuple[int, int]:  # fmt: skip
    """Ask facets of all rows that share some names; write what is found otherwise."""
    asked = {"names": sorted(names), **_ids(landed)}
    frame = _read(run, TRANSACTIONS_OF_NAMES, **asked)
    stored = _stored(run, [*facets, _TRANSFER], sorted(names), landed)
    moves = _answers(frame, stored.filter(pl.col("facet") == _TRANSFER))
    known = Beyond(beyond.accounts, levels, {_TRANSFER: moves})
    found = enriched(frame, as_of=run.now.date(), facets=facets, beyond=known, **run.asked)
    of, is_new = dated(frame), _is_among(frame, landed)
    changed, merchant = 0, pl.Series([], dtype=pl.String)
    for name, answers in found:
        if name == "merchant":
            merchant = answers["value"]
        if name not in facets:
            continue
        party = merchant
        if BY_NAME[name].together == "party":
            party = frame.select(pl.coalesce("counterparty", merchant)).to_series()
        is_asked = is_new | party.is_in(list(names)).fill_null(value=False)
        rows = pl.concat([frame.filter(is_asked).select(ROW), landed.select(ROW)]).unique()
        before = stored.filter(pl.col("facet") == name).join(_keys(rows), on=KEY[:2], how="semi")
        said = findings_of(of.filter(is_asked), answers.filter(is_asked))
        table = changes(said, before, run.workspace, run.now)
        _write(run, table)
        changed += table.num_rows
    return frame.height, changed


def _read(run: Run, query: str, **asked: Any) -> pl.DataFrame:
    found = run.warehouse.arrow(query, {"workspace": run.workspace, **asked})
    return pl.DataFrame(pl.from_arrow(found))


def _stored(
    run: Run, facets: Sequence[str], names: Sequence[str], rows: pl.DataFrame
) -> pl.DataFrame:
    """Return what stands now of rows that share names, and of some rows."""
    return _newest(_read(run, FINDINGS_OF_NAMES, facets=[*facets], names=[*names], **_ids(rows)))


def _newest(found: pl.DataFrame) -> pl.DataFrame:
    newest = found.sort("version").unique(KEY, keep="last")
    return newest.filter(pl.col("is_deleted") == 0).drop("version", "is_deleted")


def _ids(rows: pl.DataFrame) -> dict[str, list[str]]:
    return {"connections": rows["connection_id"].to_list(), "ids": rows["id"].to_list()}


def _keys(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("connection_id", pl.col("id").alias("transaction_id"))


def _is_among(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    marked = rows.select(ROW).unique().with_columns(pl.lit(value=True).alias("is_among"))
    joined = frame.select(ROW).join(marked, on=ROW, how="left", maintain_order="left")
    return joined["is_among"].fill_null(value=False)


def _answers(frame: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Return stored findings as answers of a frame's rows; nothing where there is none."""
    said = stored.select(
        "connection_id", pl.col("transaction_id").alias("id"),
        *(pl.col(name).cast(kind) for name, kind in SCHEMA.items()),
    )  # fmt: skip
    joined = frame.select(ROW).join(said, on=ROW, how="left", maintain_order="left")
    return joined.select(
        pl.lit(_TRANSFER).alias("facet"), "value", pl.col("confidence").fill_null(0.0),
        pl.col("evidence", "model_version").fill_null(""),
        pl.col("abstained").fill_null(value=True),
    )  # fmt: skip


def _around(days: set[date], reach: int) -> set[date]:
    return {day + timedelta(days=step) for day in days for step in range(-reach, reach + 1)}


def _connected(wanted: pl.Series, pairs: Sequence[tuple[int, int]]) -> pl.Series:
    """Say which rows are wanted, or hang together with one that is by pairs."""
    root = list(range(len(wanted)))

    def top(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for one, other in pairs:
        root[top(one)] = top(other)
    tops = pl.Series([top(row) for row in range(len(wanted))], dtype=pl.Int64)
    return tops.is_in(tops.filter(wanted).unique().implode())


def _write(run: Run, findings: pa.Table) -> None:
    if findings.num_rows:
        run.warehouse.insert_arrow(ENRICHMENTS, findings)
