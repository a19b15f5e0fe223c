"""Where are trained models kept, and how are they opened? Registered in Postgres, bytes in objects.

The hash stands in the registry, not beside the bytes: whoever can write to the object store alone
cannot have another model loaded. A facet has at most one champion per workspace (or for all): the
version that answers.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from obstore.store import ObjectStore
from psycopg.types.json import Jsonb

from core.database import Rows
from core.tenancy import new_id
from ml.facet import Facet, Scorer, Trained
from ml.registry import trainings

_CHAMPIONS = """
select id, facet, workspace_id, version, sha256, object_path, bytes, score, measures, trained_at
from enrichment_models
where is_champion and (workspace_id is null or workspace_id = %(workspace_id)s)
order by facet, workspace_id nulls last
"""
_RETIRE = """
update enrichment_models set is_champion = false
where facet = %(facet)s and workspace_id is not distinct from %(workspace_id)s and is_champion
"""
_INSERT = """
insert into enrichment_models
    (id, facet, workspace_id, version, sha256, object_path, bytes, score, measures, is_champion,
     trained_at, recipe)
values (%(id)s, %(facet)s, %(workspace_id)s, %(version)s, %(sha256)s, %(object_path)s, %(bytes)s,
    %(score)s, %(measures)s, %(is_champion)s, %(trained_at)s, %(recipe)s)
on conflict (facet, coalesce(workspace_id, ''), version) do update
    set is_champion = excluded.is_champion, trained_at = excluded.trained_at,
        recipe = excluded.recipe, sha256 = excluded.sha256, object_path = excluded.object_path,
        bytes = excluded.bytes, score = excluded.score, measures = excluded.measures
"""
_NEWEST = """
select recipe, trained_at from enrichment_models
where facet = %(facet)s and workspace_id is not distinct from %(workspace_id)s
order by trained_at desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """A champion, as it is registered."""

    facet: str
    workspace_id: str | None
    version: str
    sha256: str
    object_path: str
    bytes: int
    score: float
    measures: Mapping[str, Any]
    trained_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """How and when a facet's newest model was made, whether it answers or not."""

    recipe: str
    trained_at: datetime


def newest(rows: Rows, facet: str, workspace_id: str | None) -> Past | None:
    """Return how the newest model of a facet was made: for all, or for a workspace."""
    asked = {"facet": facet, "workspace_id": workspace_id}
    found = rows.execute(_NEWEST, asked).fetchone()
    return None if found is None else Past(**found)


def champions(rows: Rows, workspace_id: str | None) -> dict[str, Registered]:
    """Return the models that answer a workspace, by facet; its own go before those for all."""
    found: dict[str, Registered] = {}
    for row in rows.execute(_CHAMPIONS, {"workspace_id": workspace_id}).fetchall():
        row.pop("id")
        found.setdefault(row["facet"], Registered(**row))
    return found


def register(
    rows: Rows,
    objects: ObjectStore,
    facet: Facet | Scorer,
    workspace_id: str | None,
    trained: Trained,
    *,
    now: datetime,
    recipe: str = "",
) -> bool:
    """Keep a model; make it the champion if it is no worse than the one there is.

    A shared model must not score lower on the same frozen test set. A workspace's own model has no
    frozen set: the newer one knows the newer bookings, and its confidence is calibrated on months
    that it had not seen.

    Returns
    -------
    bool
        Whether it answers from now on.
    """
    path = f"models/{facet.name}/{trained.artifact.sha256}.skops"
    objects.put(path, trained.artifact.content)
    before = champions(rows, workspace_id).get(facet.name)
    is_better = before is None or workspace_id is not None or trained.score >= before.score
    values = {
        "id": new_id("model"), "facet": facet.name, "workspace_id": workspace_id,
        "version": trained.version, "sha256": trained.artifact.sha256, "object_path": path,
        "bytes": len(trained.artifact.content), "score": trained.score,
        "measures": Jsonb(dict(trained.measures)), "is_champion": is_better, "trained_at": now,
        "recipe": recipe,
    }  # fmt: skip
    if is_better:
        rows.execute(_RETIRE, values)
    rows.execute(_INSERT, values)
    return is_better


class OpenModels:
    """Models that were fetched and opened, the last used ones kept; shared by threads."""

    def __init__(self, objects: ObjectStore, *, most: int = 8) -> None:
        """Keep at most so many opened."""
        self._objects = objects
        self._most = most
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def opened(self, registered: Mapping[str, Registered]) -> dict[str, Any]:
        """Return the models by facet, each opened after its hash was checked.

        Raises
        ------
        ConflictError
            The object store holds other bytes than were registered.
        """
        openers = {made.name: training.open for made, training in trainings()}
        return {
            name: self._one(entry, openers[name])
            for name, entry in registered.items()
            if name in openers
        }

    def _one(self, entry: Registered, open_model: Any) -> Any:
        with self._lock:
            if entry.sha256 in self._kept:
                self._kept.move_to_end(entry.sha256)
                return self._kept[entry.sha256]
        content = bytes(self._objects.get(entry.object_path).bytes())
        model = open_model(content, entry.sha256)
        with self._lock:
            self._kept[entry.sha256] = model
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return model
