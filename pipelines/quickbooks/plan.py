"""What is there to read of a company, given what it remembers? Lists, changes, and removals.

A company's memory is plain JSON, committed with the rows that it speaks of:

    {"job": "<window and names>", "begun": 1790000000, "changed_since": 1790000000,
     "lists": [{"entity": "Invoice", "where": "", "position": 1000, "last": "1042"}],
     "ask": {"since": 1790000000, "began": 1790000300, "groups": [["Invoice", "Bill"]]},
     "sweeps": {"Invoice": "<the last id looked at>"}, "daily_at": 1790000000}

`lists` is what is left to list, `ask` what is left of the changes, `sweeps` the entities whose
removals nobody reported. A list that failed stays and is tried again by the next run.
"""

from pipelines.quickbooks.company import moment
from pipelines.quickbooks.objects import BY_OBJECT, ENTITIES, Entity
from pipelines.reading import Memory
from pipelines.window import EVERYTHING, Window

DAY = 86_400
# Changes are kept for 30 days; one less leaves time for a run that takes long.
CHANGES_KEPT = 29 * DAY
OVERLAP = 300  # clocks differ, and a change may become visible after its own time
WHOLE = "everything"


def plan(
    memory: Memory, names: frozenset[str], window: Window | None, now: int, *, is_new: bool
) -> None:
    """Write into `memory` what a run shall read; what an interrupted run left is kept.

    Args:
        memory: The company's.
        names: The objects that are wanted.
        window: What a backfill covers, by the time of creation; None for what changed.
        now: The present second.
        is_new: Nothing was ever read to its end, so that no removal can have been missed.
    """
    since = memory.get("changed_since")
    if window is None and since is not None and now - since <= CHANGES_KEPT:
        _plan_changes(memory, names, int(since), now)
        return
    job = (
        WHOLE if window in (None, EVERYTHING) and names >= set(BY_OBJECT) else _name(window, names)
    )
    if memory.get("job") == job and memory.get("lists"):
        return
    wanted = [BY_OBJECT[name] for name in BY_OBJECT if name in names]
    where = _created(window or EVERYTHING)
    memory["job"], memory["begun"] = job, now
    memory["lists"] = [_list(e, where if e.has_changes else "") for e in wanted]
    if not where and not is_new:
        memory["sweeps"] = {e.name: "" for e in wanted if e.has_changes}


def finish(memory: Memory) -> None:
    """Take note that everything was tried: from here on, changes tell."""
    if memory.pop("job", None) == WHOLE:
        begun = int(memory["begun"])
        memory["changed_since"] = max(begun, int(memory.get("changed_since", 0)))
        memory["daily_at"] = begun
    if (asked := memory.pop("ask", None)) is not None:
        memory["changed_since"] = int(asked["began"])


def overflowed(memory: Memory, entity: str, since: int) -> None:
    """Plan what changes cannot tell of an entity: all that was updated, and removals.

    `changedSince` has no upper end, so a later window never shows the earlier changes: the rest
    comes from a query by the time of the update, which pages, and from a sweep for removals.
    """
    updated = f"MetaData.LastUpdatedTime >= '{moment(since)}'"
    memory.setdefault("lists", []).append(
        {"entity": entity, "where": updated, "position": 1, "last": ""}
    )
    memory.setdefault("sweeps", {})[entity] = ""


def _plan_changes(memory: Memory, names: frozenset[str], since: int, now: int) -> None:
    entities = [e.name for e in ENTITIES if e.has_changes and e.object in names]
    memory["ask"] = {"since": since - OVERLAP, "began": now, "groups": [entities]}
    if now - int(memory.get("daily_at", 0)) >= DAY:
        memory["daily_at"] = now
        listed = {left["entity"] for left in memory.setdefault("lists", [])}
        memory["lists"] += [
            _list(e, "")
            for e in ENTITIES
            if not e.has_changes and e.object in names and e.name not in listed
        ]


def _list(entity: Entity, where: str) -> Memory:
    return {"entity": entity.name, "where": where, "position": 1, "last": ""}


def _created(window: Window) -> str:
    parts = []
    if window.since_at:
        parts.append(f"MetaData.CreateTime >= '{moment(int(window.since_at.timestamp()))}'")
    if window.until_at:
        parts.append(f"MetaData.CreateTime < '{moment(int(window.until_at.timestamp()))}'")
    return " AND ".join(parts)


def _name(window: Window | None, names: frozenset[str]) -> str:
    window = window or EVERYTHING
    return f"{window.since_at}-{window.until_at} {','.join(sorted(names))}"
