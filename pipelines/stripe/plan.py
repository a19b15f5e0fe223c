"""What is there to read for a connection, given what it remembers? Lists and their open spans.

A connection's memory is plain JSON in dlt's state, and is committed with the rows it speaks of:

    {"runs": {<backfill>: {"begun": 1790000000, "lists": {<object>: <spans>}}},
     "relisted": 1790000000,
     "lists": {<list>: {"until": 1790000000, "looked_back": 1790000000, "spans": <spans>}}}

A list is remembered by its object, a list of a part of them by its part as well.

Spans are what is left to read: no span, nothing left. A backfill that was killed is found under
its name and goes on; finished, it is forgotten, and the same call starts a new one.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pipelines.stripe.endpoints import Endpoint
from pipelines.stripe.listing import Stored
from pipelines.stripe.objects import LISTS, PARTS, children_of, lists_for, selected_names
from pipelines.stripe.windows import Span

DAY = 86_400
# Stripe keeps events for 30 days; five less leave time for a run that takes long.
EVENTS_KEPT = 25 * DAY
OVERLAP = 300  # events and new objects may become visible later than their `created` says
LOOK_BACK = 10 * DAY  # how late an object without events may change (available_on of a payment)
RESUMABLE = DAY

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One list to read. `spans` is the state's own list."""

    endpoint: Endpoint
    spans: Stored
    kind: Literal["objects", "events", "removals"]
    origin: Literal["backfill", "poll"]


def plan_backfill(
    state: State, names: frozenset[str], *, since: int, until: int, now: int
) -> list[Reading]:
    """Return the lists of a backfill, resumed where one of the same name was interrupted.

    Args:
        state: The connection's memory.
        names: The endpoints that are wanted.
        since: The first second of `created`; 0 means all.
        until: The second after the last; 0 means all.
        now: The present second.
    """
    name = run_name(names, since, until)
    runs: dict[str, State] = state.setdefault("runs", {})
    run = runs.get(name)
    if run is None or now - run["begun"] > RESUMABLE:
        run = {
            "begun": now,
            "lists": {e.object: [Span(since, until).stored()] for e in lists_for(names)},
        }
        runs[name] = run
    return [
        Reading(e, run["lists"][e.object], _backfilled_as(e), "backfill") for e in lists_for(names)
    ]


def finish_backfill(state: State, names: frozenset[str], *, since: int, until: int) -> None:
    """Forget a backfill that has nothing left; after a whole one, events take over."""
    run = state.get("runs", {}).pop(run_name(names, since, until), None)
    if run and names >= selected_names(None) and not (since or until):
        state["relisted"] = run["begun"]
        for memory in state.get("lists", {}).values():
            memory["until"] = max(memory["until"], run["begun"])


def needs_backfill(state: State, *, now: int) -> bool:
    """Say whether events cannot tell everything that happened since the last run."""
    if "relisted" not in state:
        return True
    events = state.get("lists", {}).get("event", {"until": state["relisted"]})
    return now - int(events["until"]) > EVENTS_KEPT


def plan_incremental(
    state: State, names: frozenset[str], *, now: int, is_new: bool
) -> list[Reading]:
    """Return what to read to learn of all changes since the last run.

    Events are always read in full, since they speak of every object; `names` selects among the
    lists that have no events, or none of a part of their objects. `is_new` is false for the later
    chunks of one run, which only go on with what is left.
    """
    readings = []
    for endpoint in (*LISTS, *PARTS):
        is_event = endpoint.object == "event"
        wanted = endpoint.object in names or children_of(endpoint.object, names)
        if endpoint.updates == "events" or not (is_event or wanted):
            continue
        memory = state.setdefault("lists", {}).setdefault(
            endpoint.key,
            {"until": state["relisted"], "looked_back": _read_at(endpoint, state), "spans": []},
        )
        if is_new:
            _extend(memory, endpoint, now)
        kind: Literal["objects", "events"] = "events" if is_event else "objects"
        readings.append(Reading(endpoint, memory["spans"], kind, "poll"))
    return readings


def _backfilled_as(endpoint: Endpoint) -> Literal["objects", "removals"]:
    """A backfill lists all objects anyway: of events it needs but what no list shows."""
    return "removals" if endpoint.object == "event" else "objects"


def run_name(names: frozenset[str], since: int, until: int) -> str:
    """Return the name under which a backfill is remembered."""
    selection = "all" if names == selected_names(None) else ",".join(sorted(names))
    return f"{since}-{until} {selection}"


def _read_at(endpoint: Endpoint, state: State) -> int:
    """When a list was last read whole, where no poll has; a part of one is due at once."""
    return 0 if endpoint.part else int(state["relisted"])


def _extend(memory: State, endpoint: Endpoint, now: int) -> None:
    """Add the span since the last run to what earlier runs left."""
    is_due = now - int(memory["looked_back"]) >= DAY
    if endpoint.updates == "relist":
        if is_due and not memory["spans"]:
            memory["spans"].append(Span(0, 0).stored())
            memory["until"] = memory["looked_back"] = now
        return
    low = int(memory["until"]) - OVERLAP
    if is_due and not endpoint.immutable:
        low = min(low, now - LOOK_BACK)
        memory["looked_back"] = now
    if memory["spans"] and memory["spans"][-1][1] == 0 and not memory["spans"][-1][2]:
        memory["spans"][-1][0] = min(memory["spans"][-1][0], low)  # never begun: widen it
    else:
        memory["spans"].append(Span(low, 0).stored())
    memory["until"] = now
