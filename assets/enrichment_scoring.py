"""Which findings change when rows land? New and changed rows are scored, and only changes written.

    unified.transactions → ml.enriching.enrich → unified.enrichments

Per workspace and facet a run is kept: how far (`scored_to`, of `landed_at`) and with what (versions
of rules and models, the user's corrections, the accounts). A facet of single rows answers the rows
that landed since; one that reads a history these and what hangs together with them
(`assets.enrichment_history`); one whose rules, model or corrections are others than before answers
everything again. Either way a row is written only where the stored finding differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from assets.enrichment_history import score_histories
from assets.enrichment_levels import Surroundings, as_accounts, keep, surroundings, version_of
from assets.enrichment_plan import Plan, inputs_version, planned
from assets.enrichment_rows import (
    OF_ROWS,
    Run,
    changes,
    dated,
    findings_of,
    kept_facets,
    nothing_found,
    of_rows,
    stored_findings,
)
from assets.enrichment_touched import ROW, Landed, landed
from assets.enrichment_writer import Writer
from core.database import Database
from core.warehouse import Warehouse
from ml.accounts import settled
from ml.anomaly.levels import levels, spent
from ml.corrections import COLUMNS as CORRECTIONS
from ml.enriching import enriched
from ml.feature_queries import PROGRESS, TRANSACTIONS
from ml.registry import BY_NAME, FACETS
from ml.store import OpenModels, champions
from ml.tables import ENRICHMENTS, RUN_COLUMNS, RUNS
from ml.transactions import prepared

# Rows answered at a time, where no facet needs the whole history at once.
CHUNK = 200_000
# A view's clock is read before its rows can be seen: look back as long as an insert may take.
OVERLAP_MS = 5 * 60 * 1000
# Of more rows than these the names touch most of a history: all of it is asked.
MOST_LANDED = 20_000
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
    inputs = {facet.name: inputs_version(facet, registered, corrections) for facet in FACETS}
    runs = {row["facet"]: row for row in warehouse.rows(_RUNS, {"workspace": workspace})}
    plan = planned(runs, inputs, newest_at, now.date())
    if plan is None:
        return None
    asked = {"models": models.opened(registered), "corrections": corrections}
    run = Run(warehouse, workspace, now, asked)
    since = max(plan.scored_to - OVERLAP_MS, 1)
    new = landed(run, since, plan.scored_to) if runs else Landed(pl.DataFrame(), pl.DataFrame())
    plan, around = _with_surroundings(plan, new, warehouse, workspace)
    total = Scored(changed=_forget(run, new))
    if plan.fresh:
        total = _score(run, plan.fresh, since, plan.scored_to, total)
    if plan.touched:
        last = plan.last or now.date()
        asked_rows, changed = score_histories(run, plan.touched, new, last, around)
        total = Scored(max(total.rows, asked_rows), total.changed + changed)
    accounts = plan.accounts
    if plan.whole:
        total, accounts = _score_whole(run, plan, total)
    _note(run, plan, inputs, accounts, newest_at, total)
    return total


def _with_surroundings(
    plan: Plan, new: Landed, warehouse: Warehouse, workspace: str
) -> tuple[Plan, Surroundings]:
    """Read what bears on all rows; where it changed or too much landed, ask of all of them."""
    nothing = Surroundings(pl.DataFrame(), are_apart=False, version="", levels=pl.DataFrame())
    if not plan.touched:
        return plan, nothing
    if new.rows.height <= MOST_LANDED:
        around = surroundings(warehouse, workspace)
        if around.are_apart and around.version == plan.accounts:
            return plan, around
    whole = tuple(name for name in BY_NAME if name in (*plan.whole, *plan.touched))
    return replace(plan, touched=(), whole=whole), nothing


def _score(run: Run, names: Sequence[str], since: int, scored_to: int, total: Scored) -> Scored:
    """Ask facets of single rows of what landed since a moment; 0 for everything."""
    rows, changed = total.rows, total.changed
    with Writer(run.warehouse) as writer:
        for chunk in transactions(run.warehouse, run.workspace, since, CHUNK):
            frame = chunk
            if since:
                frame = _unscored(run.warehouse, run.workspace, chunk, scored_to)
            if frame.height:
                changed += sum(written for _, _, written in _written(run, names, frame, writer))
                rows += frame.height
    return Scored(rows, changed)


def _score_whole(run: Run, plan: Plan, total: Scored) -> tuple[Scored, str]:
    """Ask facets of everything; return also which accounts there are."""
    histories = [name for name in plan.whole if BY_NAME[name].reads == "history"]
    if not histories:
        return _score(run, plan.whole, 0, 0, total), plan.accounts
    frame = next(transactions(run.warehouse, run.workspace, 0, None), None)
    if frame is None:
        return total, ""
    changed, moves = total.changed, None
    with Writer(run.warehouse) as writer:
        for name, answers, written in _written(run, plan.whole, frame, writer):
            changed += written
            moves = answers if name == "transfer" else moves
    seen = prepared(frame)
    if "anomaly" in histories and moves is not None:
        keep(run.warehouse, run.workspace, levels(spent(seen, moves)), run.now)
    accounts = version_of(as_accounts(settled(seen)))
    return Scored(total.rows + frame.height, changed), accounts


def _written(
    run: Run, names: Sequence[str], frame: pl.DataFrame, writer: Writer
) -> Iterator[tuple[str, pl.DataFrame, int]]:
    """Write what facets say of rows and is not stored so; yield each answer, and how many rows."""
    warehouse, workspace = run.warehouse, run.workspace
    of, kept = dated(frame), kept_facets(warehouse, workspace, names, frame)
    for name, answers in enriched(frame, as_of=run.now.date(), facets=names, **run.asked):
        written = 0
        if name in names:
            stored = None
            if name in kept:
                stored = stored_findings(warehouse, workspace, [name], frame)
            new = changes(findings_of(of, answers), stored, workspace, run.now)
            writer.write(new)
            written = new.num_rows
        yield name, answers, written


def _forget(run: Run, new: Landed) -> int:
    """Take back what was found of rows that are no more."""
    if not new.rows.height:
        return 0
    removed = new.rows.filter("is_deleted").select(ROW)
    stored = new.before.join(removed, on=ROW, how="semi").rename({"id": "transaction_id"})
    gone = changes(nothing_found(), stored, run.workspace, run.now)
    if gone.num_rows:
        run.warehouse.insert_arrow(ENRICHMENTS, gone)
    return int(gone.num_rows)


def transactions(
    warehouse: Warehouse, workspace: str, since: int, limit: int | None
) -> Iterator[pl.DataFrame]:
    """Yield a workspace's transactions that landed after a moment, by connection and id."""
    after = ("", "")
    while True:
        frame = _read(warehouse, workspace, since, after, limit)
        if frame.height:
            yield frame
        if limit is None or frame.height < limit:
            return
        after = (str(frame["connection_id"][-1]), str(frame["id"][-1]))


def _read(
    warehouse: Warehouse, workspace: str, since: int, after: tuple[str, str], limit: int | None
) -> pl.DataFrame:
    table = warehouse.arrow(
        TRANSACTIONS,
        {"workspace": workspace, "since": since, "after_connection": after[0],
         "after_id": after[1], "limit": limit or 2**62},
    )  # fmt: skip
    return pl.DataFrame(pl.from_arrow(table))


def _unscored(
    warehouse: Warehouse, workspace: str, frame: pl.DataFrame, scored_to: int
) -> pl.DataFrame:
    """Leave out what the overlap brings again: rows whose present state was scored."""
    known = warehouse.arrow(_SCORED, {"workspace": workspace, **of_rows(frame)})
    scored = pl.DataFrame(pl.from_arrow(known)).rename({"transaction_id": "id"})
    if not scored.height:
        return frame
    joined = frame.join(scored, on=["connection_id", "id"], how="left", maintain_order="left")
    is_late = pl.col("landed_at").dt.epoch("ms") > scored_to
    is_new = is_late | pl.col("scored_version").is_null() | (
        pl.col("scored_version") < pl.col("source_version")
    )  # fmt: skip
    return joined.filter(is_new).drop("scored_version")


def _note(
    run: Run, plan: Plan, inputs: Mapping[str, str], accounts: str, newest_at: int, total: Scored
) -> None:
    scored_to = datetime.fromtimestamp(newest_at / 1000, UTC)
    notes = []
    for name in (*plan.fresh, *plan.touched, *plan.whole):
        is_history = BY_NAME[name].reads == "history"
        version = f"{inputs[name]}/{accounts}" if is_history else inputs[name]
        notes.append([run.workspace, name, version, scored_to, total.rows, total.changed, run.now])
    run.warehouse.insert_rows(RUNS, notes, list(RUN_COLUMNS))
