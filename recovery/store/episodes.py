"""How are episodes opened, found when due, and moved? Every move is committed with its timeline.

A move names the revision that it starts from: of two that start from the same, one is written and
the other fails, so that nothing happens twice. Actions are written with the move that wants them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database import Rows
from core.errors import ConflictError
from core.outbound import emit
from recovery.engine.episode import Episode, Terms, Transition
from recovery.store.rows import SELECTED, episode_of, facts_json, memory_json, memory_kept
from recovery.store.settings import terms_of

_OPEN = """
insert into recovery_episodes
    (workspace_id, id, connection_id, subject_kind, subject_id, cause, customer_id, subscription_id,
     amount_minor, currency, facts, flow_id, flow_version, step, state, memory, revision, due_at,
     opened_at, updated_at)
values (%(workspace_id)s, %(id)s, %(connection_id)s, %(subject_kind)s, %(subject_id)s, %(cause)s,
    %(customer_id)s, %(subscription_id)s, %(amount_minor)s, %(currency)s, %(facts)s, %(flow_id)s,
    %(flow_version)s, %(step)s, 'running', %(memory)s, 0, %(due_at)s, %(opened_at)s, %(opened_at)s)
on conflict do nothing returning 1 as opened
"""
_DUE = f"""
select {SELECTED}, s.owner, s.timezone
from recovery_episodes e
join recovery_settings s on s.workspace_id = e.workspace_id
    and s.connection_id = e.connection_id and s.is_enabled
join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
    and f.state <> 'paused'
where e.due_at <= %(now)s
order by e.due_at
limit %(most)s
for update of e skip locked
"""
_LOCK = f"""
select {SELECTED}, s.owner, s.timezone
from recovery_episodes e
join recovery_settings s on s.workspace_id = e.workspace_id and s.connection_id = e.connection_id
where e.workspace_id = %(workspace_id)s and e.id = any(%(ids)s)
order by e.id
for update of e
"""
_MOVE = """
update recovery_episodes e set
    cause = m.cause, amount_minor = m.amount_minor, currency = m.currency, facts = m.facts,
    step = m.step, state = m.state, outcome = m.outcome, reason = m.reason,
    recovered_minor = m.recovered_minor, recovered_by = m.recovered_by, memory = m.memory,
    revision = m.revision, awaits = m.awaits, due_at = m.due_at, ended_at = m.ended_at,
    updated_at = %(now)s
from jsonb_to_recordset(%(moves)s::jsonb) as m (workspace_id text, id text, before int, cause text,
    amount_minor bigint, currency text, facts jsonb, step text, state text, outcome text,
    reason text, recovered_minor bigint, recovered_by text, memory jsonb, revision int,
    awaits text, due_at timestamptz, ended_at timestamptz)
where e.workspace_id = m.workspace_id and e.id = m.id and e.revision = m.before
"""
_TELL = """
insert into recovery_transitions
    (workspace_id, episode_id, revision, at, kind, from_step, to_step, reason, details)
select workspace_id, episode_id, revision, %(now)s, kind, from_step, to_step, reason, details
from jsonb_to_recordset(%(told)s::jsonb) as m (workspace_id text, episode_id text, revision int,
    kind text, from_step text, to_step text, reason text, details jsonb)
"""
_ACT = """
insert into recovery_actions
    (workspace_id, id, episode_id, revision, step, kind, is_manual, customer_id, content, state,
     created_at, due_at)
select workspace_id, 'act_' || episode_id || '_' || revision, episode_id, revision, step, kind,
    false, customer_id, content, 'ready', %(now)s, %(now)s
from jsonb_to_recordset(%(asked)s::jsonb) as m (workspace_id text, episode_id text, revision int,
    step text, kind text, customer_id text, content jsonb)
"""
_ASSIGN = """
insert into recovery_assignments
    (workspace_id, connection_id, experiment, unit, arm, is_holdout, stratum, episode_id,
     assigned_at)
values (%(workspace_id)s, %(connection_id)s, %(experiment)s, %(unit)s, %(arm)s, %(is_holdout)s,
    %(stratum)s, %(episode_id)s, %(now)s)
on conflict do nothing
"""


class EpisodeMovedError(ConflictError):
    """The episode has gone on meanwhile."""

    code = "episode_moved"
    title = "The episode has gone on"


@dataclass(frozen=True, slots=True)
class Held:
    """An episode that this transaction has locked, and its connection's terms."""

    episode: Episode
    terms: Terms


def open_episode(rows: Rows, episode: Episode) -> bool:
    """Write a new episode; False where its subject has one already."""
    values = {name: getattr(episode, name) for name in episode.__dataclass_fields__}
    values |= {"facts": facts_json(episode.facts), "memory": memory_json(episode.memory)}
    if rows.execute(_OPEN, values).fetchone() is None:
        return False
    first = Transition(episode, "opened", "A payment failed, or is about to.", "",
                       {"cause": episode.cause})  # fmt: skip
    rows.execute(_TELL, _told([first], episode.opened_at))
    _emit(rows, first, "recovery.episode_opened", episode.opened_at)
    return True


def due(rows: Rows, now: datetime, most: int) -> list[Held]:
    """Take episodes whose time has come, of flows that are not paused (system role)."""
    return [_held(row) for row in rows.execute(_DUE, {"now": now, "most": most})]


def lock(rows: Rows, workspace_id: str, ids: Sequence[str]) -> list[Held]:
    """Take episodes by id, in one order for everybody."""
    values = {"workspace_id": workspace_id, "ids": list(ids)}
    return [_held(row) for row in rows.execute(_LOCK, values)]


def commit(rows: Rows, chains: Sequence[Sequence[Transition]], now: datetime) -> None:
    """Write moves of episodes that this transaction has locked, each chain one episode's.

    Raises:
        EpisodeMovedError: One of them was not at the revision that its chain starts from.
    """
    chains = [chain for chain in chains if chain]
    if not chains:
        return
    moved = rows.execute(_MOVE, _moves(chains, now)).rowcount
    if moved != len(chains):
        raise EpisodeMovedError("An episode has gone on meanwhile.")
    every = [transition for chain in chains for transition in chain]
    rows.execute(_TELL, _told(every, now))
    acting = [transition for transition in every if transition.action is not None]
    if acting:
        rows.execute(_ACT, _asked(acting, now))
    for transition in every:
        if transition.assignment is not None:
            _assign(rows, transition, now)
        if transition.kind == "ended":
            _emit(rows, transition, "recovery.episode_ended", now)


def _held(row: Mapping[str, Any]) -> Held:
    return Held(episode_of(row), terms_of(row["owner"], row["timezone"]))


# Rows travel as one JSON text: a list per column is written element by element, in Python.
def _moves(chains: Sequence[Sequence[Transition]], now: datetime) -> dict[str, Any]:
    moves = [
        {
            **{name: getattr(one, name) for name in _PLAIN},
            "before": chain[0].episode.revision - 1,
            "facts": dict(one.facts), "memory": memory_kept(one.memory),
            "due_at": _iso(one.due_at), "ended_at": _iso(one.ended_at),
        }
        for chain in chains
        for one in (chain[-1].episode,)
    ]  # fmt: skip
    return {"now": now, "moves": json.dumps(moves)}


_PLAIN = (
    "workspace_id", "id", "cause", "amount_minor", "currency", "step", "state", "outcome", "reason",
    "recovered_minor", "recovered_by", "revision", "awaits",
)  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _told(every: Sequence[Transition], now: datetime) -> dict[str, Any]:
    told = [
        {
            "workspace_id": one.episode.workspace_id, "episode_id": one.episode.id,
            "revision": one.episode.revision, "kind": one.kind, "from_step": one.from_step,
            "to_step": one.episode.step, "reason": one.reason, "details": dict(one.details),
        }
        for one in every
    ]  # fmt: skip
    return {"now": now, "told": json.dumps(told)}


def _asked(acting: Sequence[Transition], now: datetime) -> dict[str, Any]:
    asked = [
        {
            "workspace_id": one.episode.workspace_id, "episode_id": one.episode.id,
            "revision": one.episode.revision, "step": one.episode.step,
            "customer_id": one.episode.customer_id, "kind": one.action.kind,
            "content": dict(one.action.content),
        }
        for one in acting
        if one.action is not None
    ]  # fmt: skip
    return {"now": now, "asked": json.dumps(asked)}


def _assign(rows: Rows, transition: Transition, now: datetime) -> None:
    episode, drawn = transition.episode, transition.assignment
    assert drawn is not None
    values = {name: getattr(drawn, name) for name in drawn.__dataclass_fields__}
    values |= {
        "workspace_id": episode.workspace_id, "connection_id": episode.connection_id,
        "episode_id": episode.id, "now": now,
    }  # fmt: skip
    rows.execute(_ASSIGN, values)


def _emit(rows: Rows, transition: Transition, kind: str, now: datetime) -> None:
    episode = transition.episode
    data = {
        "episode_id": episode.id, "connection_id": episode.connection_id, "cause": episode.cause,
        "subject": {"kind": episode.subject_kind, "id": episode.subject_id},
        "outcome": episode.outcome, "amount_minor": episode.amount_minor,
        "recovered_minor": episode.recovered_minor, "currency": episode.currency,
    }  # fmt: skip
    emit(rows, episode.workspace_id, kind, f"{episode.id}|{episode.revision}", data, now)
