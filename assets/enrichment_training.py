"""Which models are due, and what becomes of a training? Trained, measured, registered, or kept out.

A model is trained where there is none, when it would be made otherwise (`ml.recipes`), after its
`refresh_days`, or when corrections were reviewed since; what counts is the newest model, even if it
was kept out. It answers only if it is no worse than the champion on the same frozen test set
(`ml.store.register`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from obstore.store import ObjectStore

from core.database import Database
from core.warehouse import Warehouse
from ml.facet import Facet, Scorer, Training
from ml.feature_queries import PROGRESS
from ml.registry import trainings
from ml.store import Past, newest, register

_BUILT = """
select 1 as found from system.columns
where concat(database, '.', table, '.', name) = {column:String}
"""
FEEDBACK: dict[str, pl.DataType] = {
    "merchant": pl.String(),
    "amount_minor": pl.Int64(),
    "value": pl.String(),
    "said_on": pl.Date(),
}
# A workspace's own model learns from whatever the workspace said and nobody refused; one for all
# only from what was reviewed.
_FEEDBACK = """
select merchant, amount_minor, value, said_at::date as said_on from enrichment_feedback
where facet = %(facet)s and (review = 'accepted' or (review = 'waiting' and %(own)s))
    and (not %(own)s or workspace_id = %(workspace)s)
order by said_at, id
"""
_NEWEST = """
select max(case when %(own)s then said_at else reviewed_at end) as newest_at
from enrichment_feedback
where facet = %(facet)s and (review = 'accepted' or (review = 'waiting' and %(own)s))
    and (not %(own)s or workspace_id = %(workspace)s)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one training: `champion`, `challenger` (worse) or `too few rows`."""

    facet: str
    workspace_id: str | None
    verdict: str
    score: float | None = None
    measures: dict[str, Any] | None = None


def train_due(
    warehouse: Warehouse,
    database: Database,
    objects: ObjectStore,
    now: datetime,
    made: Iterable[tuple[Facet | Scorer, Training]] | None = None,
) -> Iterator[Outcome]:
    """Train whatever is due, of all models or of those named."""
    workspaces = [str(row["workspace_id"]) for row in warehouse.rows(PROGRESS)]
    for facet, training in trainings() if made is None else made:
        whose: list[str | None] = [*workspaces] if training.scope == "workspace" else [None]
        for workspace in whose:
            with database.system() as rows:
                before = newest(rows, facet.name, workspace)
                own = {"facet": facet.name, "own": workspace is not None, "workspace": workspace}
                said = rows.execute(_NEWEST, own).fetchone()
            if is_due(training, before, said["newest_at"] if said else None, now):
                yield _train(warehouse, database, objects, facet, training, workspace, now)


def is_due(
    training: Training, before: Past | None, said_at: datetime | None, now: datetime
) -> bool:
    """Say whether a model is to be trained anew."""
    if before is None or before.recipe != training.recipe:
        return True
    age = now - before.trained_at
    is_old = age >= timedelta(days=training.refresh_days)
    return is_old or (said_at is not None and said_at > before.trained_at)


def _train(
    warehouse: Warehouse,
    database: Database,
    objects: ObjectStore,
    facet: Facet | Scorer,
    training: Training,
    workspace: str | None,
    now: datetime,
) -> Outcome:
    found = pl.DataFrame()
    if training.rows:
        parameters = {} if workspace is None else {"workspace": workspace}
        if training.needs and not warehouse.rows(_BUILT, {"column": training.needs}):
            return Outcome(facet.name, workspace, "not built yet")
        found = pl.DataFrame(pl.from_arrow(warehouse.arrow(training.rows, parameters)))
    own = {"facet": facet.name, "own": workspace is not None, "workspace": workspace}
    with database.system() as rows:
        said = rows.execute(_FEEDBACK, own).fetchall()
    trained = training.train(found, pl.DataFrame(said, schema=FEEDBACK, orient="row"))
    if trained is None:
        return Outcome(facet.name, workspace, "too few rows")
    with database.system() as rows:
        is_champion = register(
            rows, objects, facet, workspace, trained, now=now, recipe=training.recipe
        )
    verdict = "champion" if is_champion else "challenger"
    return Outcome(facet.name, workspace, verdict, trained.score, dict(trained.measures))
