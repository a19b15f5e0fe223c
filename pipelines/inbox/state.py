"""How does Postgres come to hold the newest state of every object? By version, one upsert a batch.

What is applied, what must be asked for, what failed and how far the store is are one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import psycopg

from core.database import Rows
from core.errors import OppulenceError
from core.recovery_signals import Changed, note
from pipelines.inbox import tasks
from pipelines.inbox.entries import Entry
from pipelines.inbox.meanings import Meaning, State, meaning_of
from pipelines.inbox.notices import keep_notices
from pipelines.inbox.telling import tell

Key = tuple[str, str, str, str]

# A NUL in a text, numbers that no jsonb holds, nesting without end.
_NOT_STORABLE = (
    psycopg.DataError, psycopg.errors.ProgramLimitExceeded, psycopg.errors.StatementTooComplex,
)  # fmt: skip

_HELD = """
select l.workspace_id, l.connection_id, l.object, l.id, l.version, l.event_id, l.is_deleted
from latest_objects l
join unnest(%(workspaces)s::text[], %(connections)s::text[], %(objects)s::text[], %(ids)s::text[])
    as k (w, c, o, i) on l.workspace_id = k.w and l.connection_id = k.c and l.object = k.o
    and l.id = k.i
"""
_UPSERT = """
insert into latest_objects as l
    (workspace_id, connection_id, object, id, version, event_id, is_deleted, payload, updated_at)
select w, c, o, i, v, e, d, p::jsonb, %(now)s
from unnest(%(workspaces)s::text[], %(connections)s::text[], %(objects)s::text[], %(ids)s::text[],
    %(versions)s::bigint[], %(events)s::text[], %(deletions)s::boolean[], %(payloads)s::text[])
    as s (w, c, o, i, v, e, d, p)
on conflict (workspace_id, connection_id, object, id) do update set
    version = excluded.version, event_id = excluded.event_id, is_deleted = excluded.is_deleted,
    payload = excluded.payload, updated_at = excluded.updated_at
where excluded.version > l.version or (excluded.version = l.version and excluded.event_id = '')
"""


class NotStorableError(OppulenceError):
    """The object's JSON is more than jsonb can hold."""

    code = "not_storable"
    title = "Postgres cannot hold the object"


def apply_entries(rows: Rows, entries: Sequence[Entry], now: datetime) -> None:
    """Apply entries in their order; those that cannot be become tasks."""
    meanings: list[Meaning] = []
    for entry in entries:
        try:
            meanings.append(meaning_of(entry))
        except OppulenceError as error:
            tasks.fail(rows, "postgres", entry, error.code, error.detail, now)
    newest, doubtful = _decide(meanings, _held(rows, meanings))
    for entry, name, object_id in doubtful:
        tasks.ask(rows, entry, name, object_id, now)
    _store(rows, newest, now)
    keep_notices(rows, meanings, now)
    tell(rows, meanings, now)
    _signal(rows, meanings, now)


def apply_again(rows: Rows, entry: Entry, now: datetime) -> None:
    """Apply one entry that failed before.

    Raises:
        OppulenceError: It fails again.
    """
    meanings = [meaning_of(entry)]
    newest, doubtful = _decide(meanings, _held(rows, meanings))
    for _, name, object_id in doubtful:
        tasks.ask(rows, entry, name, object_id, now)
    try:
        with rows.transaction():
            _upsert(rows, [m.state for m in newest if m.state is not None], now)
            _signal(rows, meanings, now)
    except _NOT_STORABLE as error:
        raise NotStorableError(str(error).splitlines()[0]) from error


def _decide(
    meanings: Iterable[Meaning], held: dict[Key, State]
) -> tuple[list[Meaning], list[tuple[Entry, str, str]]]:
    """Return the meanings whose states are news, and the objects that must be asked for.

    Two events of one object in one second are in no order, and so is an event of the second in
    which the object was read. A removal is last in its second.
    """
    news: dict[Key, Meaning] = {}
    doubtful: dict[Key, tuple[Entry, str, str]] = {}
    for meaning in meanings:
        state = meaning.state
        if state is None:
            continue
        before = held.get(state.key)
        is_tied = (
            before is not None
            and bool(state.event_id)
            and before.second == state.second
            and before.event_id != state.event_id
            and not (before.is_deleted or state.is_deleted)
        )
        if (is_tied or not meaning.is_settled) and (
            before is None or state.second >= before.second
        ):
            doubtful[state.key] = (meaning.entry, state.object, state.id)
        if before is None or _is_news(state, before):
            news[state.key] = meaning
            held[state.key] = state
    return list(news.values()), list(doubtful.values())


def _is_news(state: State, before: State) -> bool:
    """Say whether a state outranks another; of two readings of one version, the later does."""
    is_later_reading = state.version == before.version and not state.event_id
    return state.version > before.version or is_later_reading


def _signal(rows: Rows, meanings: Iterable[Meaning], now: datetime) -> None:
    """Tell recovery in the same transaction what changed; a replay tells nothing new."""
    changed = [
        Changed(
            m.state.workspace_id, m.state.connection_id, m.state.object, m.state.id,
            m.state.payload,
        )
        for m in meanings
        if m.state is not None and m.entry.origin != "replay"
    ]  # fmt: skip
    note(rows, changed, now)


def _held(rows: Rows, meanings: Iterable[Meaning]) -> dict[Key, State]:
    """Return what is held of the objects that the entries tell about, without payloads."""
    states = {m.state.key: m.state for m in meanings if m.state is not None}
    if not states:
        return {}
    return {
        (row["workspace_id"], row["connection_id"], row["object"], row["id"]): State(
            **row, origin="", payload=b""
        )
        for row in rows.execute(_HELD, _names(list(states.values())))
    }


def _store(rows: Rows, meanings: Sequence[Meaning], now: datetime) -> None:
    if not meanings:
        return
    try:
        with rows.transaction():
            _upsert(rows, [m.state for m in meanings if m.state is not None], now)
    except _NOT_STORABLE as error:
        if len(meanings) == 1:
            detail = str(error).splitlines()[0]
            tasks.fail(rows, "postgres", meanings[0].entry, NotStorableError.code, detail, now)
            return
        middle = len(meanings) // 2
        _store(rows, meanings[:middle], now)
        _store(rows, meanings[middle:], now)


def _upsert(rows: Rows, states: Sequence[State], now: datetime) -> None:
    # Rows are locked in one order, so that two writers cannot wait for each other.
    ordered = sorted(states, key=lambda state: state.key)
    rows.execute(
        _UPSERT,
        {
            **_names(ordered),
            "now": now,
            "versions": [state.version for state in ordered],
            "events": [state.event_id for state in ordered],
            "deletions": [state.is_deleted for state in ordered],
            "payloads": [state.payload.decode() for state in ordered],
        },
    )


def _names(states: Sequence[State]) -> Mapping[str, list[str]]:
    return {
        "workspaces": [state.workspace_id for state in states],
        "connections": [state.connection_id for state in states],
        "objects": [state.object for state in states],
        "ids": [state.id for state in states],
    }
