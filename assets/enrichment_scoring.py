"""Which findings change when rows land? New and changed rows are scored, and only changes written.

    unified.transactions → ml.enriching.enrich → unified.enrichments

Per workspace and facet a run is kept: how far (`scored_to`, of `landed_at`) and with what (versions
of rules and models, the user's corrections). A facet of single rows answers the rows that landed
since; one that reads a history, or whose rules, model or corrections are others than before,
answers everything again. Either way a row is written only where the stored finding differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import polars as pl
import pyarrow as pa

from assets.enrichment_rows import (
    OF_ROWS,
    changes,
    dated,
    findings_of,
    kept_facets,
    of_rows,
    stored_findings,
)
from core.database import Database
from core.warehouse import Warehouse
from ml.corrections import COLUMNS as CORRECTIONS
from ml.enriching import enriched
from ml.facet import Facet
from ml.feature_queries import PROGRESS, TRANSACTIONS
from ml.registry import BY_NAME, FACETS, with_those_before
from ml.store import OpenModels, Registered, champions
from ml.tables import ENRICHMENTS, RUN_COLUMNS, RUNS

# Rows answered at a time, where no facet needs the whole history at once.
CHUNK = 200_000
# A view's clock is read before its rows can be seen: look back as long as an insert may take.
OVERLAP_MS = 5 * 60 * 1000
_RUNS = f"select * from {RUNS} final where workspace_id = {{workspace:String}}"
_CORRECTIONS = """
select facet, like_key, value, said_at::date as said_on from enrichment_feedback
where workspace_id = %s and review != 'refused' order by said_at, id
"""
_SCORED = f"""
select connection_id, transaction_id, max(source_version) as scored_version from {ENRICHMENTS} final
where workspace_id = {{workspace:String}} and {OF_ROWS}
group by connection_id, transaction_id
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run did in one workspace."""

    rows: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Which facets answer the new rows, and which all of them."""

    since: int
    fresh: tuple[str, ...]
    whole: tuple[str, ...]


def score_all(
    warehouse: Warehouse, database: Database, models: OpenModels, now: datetime
) -> dict[str, Scored]:
    """Score every workspace in which something changed."""
    found = {}
    for row in warehouse.rows(PROGRESS):
        workspace = str(row["workspace_id"])
        scored = score_workspace(warehouse, database, models, workspace, row["newest_at"], now)
        if scored is not None:
            found[workspace] = scored
    return found


def score_workspace(
    warehouse: Warehouse,
    database: Database,
    models: OpenModels,
    workspace: str,
    newest_at: int,
    now: datetime,
) -> Scored | None:
    """Score one workspace; None where nothing changed.

    Args:
        warehouse: ClickHouse.
        database: Postgres, under the system role.
        models: Opened models.
        workspace: Whose rows.
        newest_at: Its newest row's `landed_at`, in milliseconds.
        now: When this is.
    """
    with database.system() as rows:
        registered = champions(rows, workspace)
        said = rows.execute(_CORRECTIONS, [workspace]).fetchall()
    corrections = pl.DataFrame(said, schema=CORRECTIONS, orient="row")
    inputs = {facet.name: inputs_version(facet, registered, corrections, now) for facet in FACETS}
    runs = {row["facet"]: row for row in warehouse.rows(_RUNS, {"workspace": workspace})}
    plan = planned(runs, inputs, newest_at)
    if plan is None:
        return None
    asked = {"models": models.opened(registered), "corrections": corrections}
    total = Scored()
    for names, since in ((plan.fresh, plan.since), (plan.whole, 0)):
        if names:
            total = _score(warehouse, workspace, names, since, now, asked, total)
    _note(warehouse, workspace, plan, inputs, newest_at, total, now)
    return total


def planned(
    runs: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, str], newest_at: int
) -> Plan | None:
    """Say which facets have what to do; None for nothing."""
    fresh, whole, since = [], [], newest_at
    for name, version in inputs.items():
        run = runs.get(name)
        scored_to = 0 if run is None else _milliseconds(run["scored_to"])
        if (
            run is None
            or run["inputs_version"] != version
            or (scored_to < newest_at and BY_NAME[name].reads == "history")
        ):
            whole.append(name)
        elif scored_to < newest_at:
            fresh.append(name)
            since = min(since, scored_to - OVERLAP_MS)
    return Plan(since, tuple(fresh), tuple(whole)) if fresh or whole else None


def inputs_version(
    facet: Facet, registered: Mapping[str, Registered], corrections: pl.DataFrame, now: datetime
) -> str:
    """Return what differs whenever a facet would answer the same row otherwise.

    A history is read as of a day, so its facets answer anew on the next.
    """
    parts = []
    for one in with_those_before([facet.name]):
        model = registered.get(one.name)
        own = corrections.filter(pl.col("facet") == one.name)
        parts += [one.name, one.version, model.sha256 if model else "", own.write_csv()]
    if facet.reads == "history":
        parts.append(str(now.date()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _score(
    warehouse: Warehouse,
    workspace: str,
    names: Sequence[str],
    since: int,
    now: datetime,
    asked: Mapping[str, Any],
    total: Scored,
) -> Scored:
    needs_all = any(BY_NAME[name].reads == "history" for name in names)
    chunks = transactions(warehouse, workspace, since, None if needs_all else CHUNK)
    rows, changed = total.rows, total.changed
    with Writer(warehouse) as writer:
        for chunk in chunks:
            frame = chunk if since == 0 else _unscored(warehouse, workspace, chunk)
            if not frame.height:
                continue
            of, kept = dated(frame), kept_facets(warehouse, workspace, names, frame)
            for name, answers in enriched(frame, as_of=now.date(), facets=names, **asked):
                if name in names:
                    stored = None
                    if name in kept:
                        stored = stored_findings(warehouse, workspace, [name], frame)
                    new = changes(findings_of(of, answers), stored, workspace, now)
                    writer.write(new)
                    changed += new.num_rows
            rows += frame.height
    return Scored(rows, changed)


class Writer:
    """Writes findings of one facet while those of the next are found: the engine works meanwhile.

    One table is under way at a time. When the block ends everything is written, or has failed.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        """Take where to write."""
        self._warehouse = warehouse
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="enrichment-writer")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def write(self, findings: pa.Table) -> None:
        """Write rows once those before are written."""
        self._wait()
        if findings.num_rows:
            act = self._warehouse.insert_arrow
            self._under_way = self._pool.submit(act, ENRICHMENTS, findings)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what is under way; what went wrong before it goes first."""
        try:
            if kind is None:
                self._wait()
        finally:
            self._pool.shutdown()

    def _wait(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()


def transactions(
    warehouse: Warehouse, workspace: str, since: int, limit: int | None
) -> Iterator[pl.DataFrame]:
    """Yield a workspace's transactions that landed after a moment, by connection and id."""
    after = ("", "")
    while True:
        table = warehouse.arrow(
            TRANSACTIONS,
            {"workspace": workspace, "since": since, "after_connection": after[0],
             "after_id": after[1], "limit": limit or 2**62},
        )  # fmt: skip
        frame = pl.DataFrame(pl.from_arrow(table))
        if frame.height:
            yield frame
        if limit is None or frame.height < limit:
            return
        after = (str(frame["connection_id"][-1]), str(frame["id"][-1]))


def _unscored(warehouse: Warehouse, workspace: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out what the overlap brings again: rows whose present state was scored."""
    known = warehouse.arrow(_SCORED, {"workspace": workspace, **of_rows(frame)})
    scored = pl.DataFrame(pl.from_arrow(known)).rename({"transaction_id": "id"})
    if not scored.height:
        return frame
    joined = frame.join(scored, on=["connection_id", "id"], how="left", maintain_order="left")
    is_new = pl.col("scored_version").is_null() | (
        pl.col("scored_version") < pl.col("source_version")
    )
    return joined.filter(is_new).drop("scored_version")


def _note(
    warehouse: Warehouse,
    workspace: str,
    plan: Plan,
    inputs: Mapping[str, str],
    newest_at: int,
    total: Scored,
    now: datetime,
) -> None:
    scored_to = datetime.fromtimestamp(newest_at / 1000, UTC)
    notes = [
        [workspace, name, inputs[name], scored_to, total.rows, total.changed, now]
        for name in (*plan.fresh, *plan.whole)
    ]
    warehouse.insert_rows(RUNS, notes, list(RUN_COLUMNS))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
