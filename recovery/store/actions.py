"""Which actions wait to be carried out, and how far is each? Leased, started, done; never lost.

`started` is committed before anything leaves the house: an action found started was interrupted,
and the provider or the sender is asked what became of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.database import Rows
from core.tenancy import new_id
from recovery.engine.episode import Episode

LEASE = timedelta(minutes=2)

_COLUMNS = (
    "workspace_id, id, episode_id, revision, step, kind, is_manual, customer_id, content, state,"
    " attempts, created_at, started_at, leased_until"
)
# Nothing new is begun for a connection that is off, or by a flow that was paused meanwhile.
_LEASE = f"""
with due as (
    select workspace_id, id from recovery_actions
    where state in ('ready', 'started') and due_at <= %(now)s and leased_until < %(now)s
        and (state = 'started' or not exists (
            select 1 from recovery_episodes e
            left join recovery_settings s on s.workspace_id = e.workspace_id
                and s.connection_id = e.connection_id and s.is_enabled
            left join recovery_flows f on f.workspace_id = e.workspace_id and f.id = e.flow_id
            where e.workspace_id = recovery_actions.workspace_id
                and e.id = recovery_actions.episode_id
                and (s.connection_id is null or f.state = 'paused' and not is_manual)))
    order by due_at limit %(most)s
    for update skip locked
)
update recovery_actions a set leased_until = %(until)s, attempts = attempts + 1
from due where a.workspace_id = due.workspace_id and a.id = due.id
returning {", ".join(f"a.{name}" for name in _COLUMNS.split(", "))}
"""
_START = """
update recovery_actions set state = 'started', started_at = coalesce(started_at, %(now)s),
    content = content || %(content)s::jsonb
where workspace_id = %(workspace_id)s and id = %(id)s and state in ('ready', 'started')
    and leased_until = %(leased_until)s
"""
_CLOSE = """
update recovery_actions set state = %(state)s, result = %(result)s, ended_at = %(now)s
where workspace_id = %(workspace_id)s and id = %(id)s and state in ('ready', 'started')
"""
# Only what has not started becomes ready again; what has is settled when its lease is over.
_LATER = """
update recovery_actions set due_at = %(due_at)s, leased_until = '-infinity',
    state = case when %(is_untouched)s then 'ready' else state end
where workspace_id = %(workspace_id)s and id = %(id)s and state in ('ready', 'started')
"""
_CHARGING = """
select 1 as charging from recovery_actions
where workspace_id = %s and episode_id = %s and kind = 'retry' and state = 'started'
"""
# One after the other for a customer, so that two episodes cannot both take the last message. What
# has started is on its way and counts.
_ALONE = "select pg_advisory_xact_lock(hashtextextended(%s, 7))"
_SENT = """
select ended_at as sent_at from recovery_actions
where workspace_id = %(workspace_id)s and customer_id = %(customer_id)s and kind = 'message'
    and state in ('done', 'unknown') and ended_at > %(since)s and content ->> 'channel' <> 'slack'
union all
select started_at from recovery_actions
where state = 'started' and workspace_id = %(workspace_id)s and customer_id = %(customer_id)s
    and kind = 'message' and id <> %(id)s and content ->> 'channel' <> 'slack'
order by sent_at desc limit 100
"""
_ASK = """
insert into recovery_actions
    (workspace_id, id, episode_id, revision, step, kind, is_manual, customer_id, content, state,
     created_at, due_at)
values (%(workspace_id)s, %(id)s, %(episode_id)s, %(revision)s, %(step)s, %(kind)s, true,
    %(customer_id)s, %(content)s, 'ready', %(now)s, %(now)s)
"""
_UNDER_WAY = """
select kind from recovery_actions
where workspace_id = %s and episode_id = %s and state in ('ready', 'started') and kind = %s
    and content ->> 'channel' is distinct from 'slack'
limit 1
"""


@dataclass(frozen=True, slots=True)
class Action:
    """One action that this worker has, until its lease ends."""

    workspace_id: str
    id: str
    episode_id: str
    revision: int
    step: str
    kind: str
    is_manual: bool
    customer_id: str
    content: Mapping[str, Any]
    state: str
    attempts: int
    created_at: datetime
    started_at: datetime | None
    leased_until: datetime


def lease(rows: Rows, now: datetime, most: int) -> list[Action]:
    """Take actions that are due (system role)."""
    values = {"now": now, "until": now + LEASE, "most": most}
    return [Action(**row) for row in rows.execute(_LEASE, values)]


def start(rows: Rows, action: Action, now: datetime, **content: Any) -> bool:
    """Note that it is about to leave the house; False where somebody else has it by now."""
    values = {
        "workspace_id": action.workspace_id, "id": action.id, "now": now,
        "leased_until": action.leased_until, "content": json.dumps(content),
    }  # fmt: skip
    return rows.execute(_START, values).rowcount == 1


def close(rows: Rows, action: Action, state: str, result: Mapping[str, Any], now: datetime) -> bool:
    """Note its end; False where it had ended before."""
    values = {
        "workspace_id": action.workspace_id, "id": action.id, "state": state, "now": now,
        "result": json.dumps(dict(result)),
    }  # fmt: skip
    return rows.execute(_CLOSE, values).rowcount == 1


def later(rows: Rows, action: Action, due_at: datetime, *, is_untouched: bool) -> None:
    """Leave it for another time; `is_untouched` says that nothing has left the house."""
    values = {
        "workspace_id": action.workspace_id, "id": action.id, "due_at": due_at,
        "is_untouched": is_untouched,
    }  # fmt: skip
    rows.execute(_LATER, values)


def is_charging(rows: Rows, workspace_id: str, episode_id: str) -> bool:
    """Say whether a try of ours is under way."""
    return rows.execute(_CHARGING, [workspace_id, episode_id]).fetchone() is not None


def is_under_way(rows: Rows, workspace_id: str, episode_id: str, kind: str) -> bool:
    """Say whether an action of this kind waits or runs; alerts to the merchant's people aside."""
    return rows.execute(_UNDER_WAY, [workspace_id, episode_id, kind]).fetchone() is not None


def messages_since(rows: Rows, action: Action, since: datetime) -> list[datetime]:
    """Return when the action's customer got other messages, newest first, over all episodes."""
    rows.execute(_ALONE, [f"{action.workspace_id}|{action.customer_id}"])
    values = {
        "workspace_id": action.workspace_id, "customer_id": action.customer_id, "since": since,
        "id": action.id,
    }  # fmt: skip
    return [row["sent_at"] for row in rows.execute(_SENT, values)]


def ask(rows: Rows, episode: Episode, kind: str, content: Mapping[str, Any], now: datetime) -> None:
    """Add an action that a person wants of an episode; it is due at once."""
    values = {
        "workspace_id": episode.workspace_id, "id": new_id("act"), "episode_id": episode.id,
        "revision": episode.revision, "step": episode.step, "kind": kind,
        "customer_id": episode.customer_id, "now": now, "content": json.dumps(dict(content)),
    }  # fmt: skip
    rows.execute(_ASK, values)
