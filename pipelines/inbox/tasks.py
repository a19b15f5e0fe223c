"""What must be tried again, and what is given up? Tasks, each with its cause, attempts and time.

A task is an entry that a store did not take, or an object that must be asked for. Its pause doubles
with every attempt, with jitter; a cause that no repetition cures is given up at once. What is given
up stays as a dead letter, with its entry, until somebody retries or the workspace is gone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from core.database import Rows
from core.tenancy import new_id
from pipelines.inbox.entries import Entry

Stage = Literal["postgres", "clickhouse", "refetch"]

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)
# How often a cause is tried: 80 attempts are about three days.
ATTEMPTS: dict[str, int] = {
    "unreadable_event": 1,
    "not_storable": 1,
    "other_account": 1,
    "provider_error": 5,
    "provider_not_permitted": 2,
    "warehouse_query_failed": 8,
    "provider_key_rejected": 20,
    "unknown_connection": 80,
    "provider_unavailable": 80,
}
DEFAULT_ATTEMPTS = 10
LEASE = timedelta(minutes=5)

_FAIL = """
insert into event_tasks as t (workspace_id, id, stage, subject, position, provider, connection_id,
    cause, detail, attempts, created_at, failed_at, next_attempt_at)
values (%(workspace_id)s, %(id)s, %(stage)s, %(subject)s, %(position)s, %(provider)s,
    %(connection_id)s, %(cause)s, %(detail)s, 1, %(now)s, %(now)s, %(next)s)
on conflict (workspace_id, stage, subject) do nothing
"""
_ASK = """
insert into event_tasks as t (workspace_id, id, stage, subject, position, provider, connection_id,
    object, object_id, created_at, next_attempt_at)
values (%(workspace_id)s, %(id)s, 'refetch', %(subject)s, %(position)s, %(provider)s,
    %(connection_id)s, %(object)s, %(object_id)s, %(now)s, %(now)s)
on conflict (workspace_id, stage, subject) do update
    set position = excluded.position, attempts = 0, cause = '', detail = '',
        next_attempt_at = excluded.next_attempt_at
"""
# A few of each workspace, whoever has waited longest first. The lease gives a task back should its
# worker die.
_LEASE = """
with due as (
    select workspace_id, id,
        row_number() over (partition by workspace_id order by next_attempt_at, id) as place
    from event_tasks
    where next_attempt_at <= %(now)s and stage = any(%(stages)s)
), chosen as (
    select t.workspace_id, t.id
    from event_tasks t join due d on d.workspace_id = t.workspace_id and d.id = t.id
    where d.place <= %(share)s and t.next_attempt_at <= %(now)s
    order by d.place, t.next_attempt_at
    limit %(most)s
    for update of t skip locked
)
update event_tasks t set next_attempt_at = %(until)s, attempts = attempts + 1
from chosen c where t.workspace_id = c.workspace_id and t.id = c.id
returning t.workspace_id, t.id, t.stage, t.subject, t.position, t.provider, t.connection_id,
    t.object, t.object_id, t.attempts, t.next_attempt_at as leased_until
"""
# Not if it was asked for again meanwhile: then it is due again, and stays.
_DONE = """
delete from event_tasks where workspace_id = %s and id = %s and next_attempt_at = %s
"""
_AGAIN = """
update event_tasks set cause = %(cause)s, detail = %(detail)s, failed_at = %(now)s,
    next_attempt_at = %(next)s
where workspace_id = %(workspace_id)s and id = %(id)s and next_attempt_at = %(leased_until)s
"""


@dataclass(frozen=True, slots=True)
class Task:
    """A task that this worker has, until its lease ends."""

    workspace_id: str
    id: str
    stage: Stage
    subject: str
    position: int
    provider: str
    connection_id: str
    object: str
    object_id: str
    attempts: int
    leased_until: datetime


def next_attempt(cause: str, attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts; None to give up."""
    if attempts >= ATTEMPTS.get(cause, DEFAULT_ATTEMPTS):
        return None
    doubled: int = 2 ** min(attempts - 1, 20)
    pause = min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
    jitter: float = random.uniform(0.5, 1)  # noqa: S311
    return now + pause * jitter


def fail(rows: Rows, stage: Stage, entry: Entry, cause: str, detail: str, now: datetime) -> None:
    """Make a task of an entry that a store did not take."""
    values: dict[str, Any] = {
        "workspace_id": entry.workspace_id, "id": new_id("dead"), "stage": stage,
        "subject": str(entry.position), "position": entry.position, "provider": entry.provider,
        "connection_id": entry.connection_id, "cause": cause, "detail": _short(detail),
        "now": now, "next": next_attempt(cause, 1, now),
    }  # fmt: skip
    rows.execute(_FAIL, values)


def ask(rows: Rows, entry: Entry, name: str, object_id: str, now: datetime) -> None:
    """Have an object asked for, once however many entries want it."""
    rows.execute(
        _ASK,
        {
            "workspace_id": entry.workspace_id, "id": new_id("dead"),
            "subject": f"{entry.connection_id}|{name}|{object_id}", "position": entry.position,
            "provider": entry.provider, "connection_id": entry.connection_id, "object": name,
            "object_id": object_id, "now": now,
        },
    )  # fmt: skip


def lease(
    rows: Rows, stages: Sequence[Stage], now: datetime, *, share: int, most: int
) -> list[Task]:
    """Take due tasks, at most `share` of each workspace."""
    values = {
        "stages": list(stages), "now": now, "share": share, "most": most, "until": now + LEASE,
    }  # fmt: skip
    return [Task(**row) for row in rows.execute(_LEASE, values)]


def done(rows: Rows, task: Task) -> None:
    """Strike a task off."""
    rows.execute(_DONE, [task.workspace_id, task.id, task.leased_until])


def again(rows: Rows, task: Task, cause: str, detail: str, now: datetime) -> None:
    """Note a failed attempt: tried again later, or given up."""
    values = {
        "workspace_id": task.workspace_id, "id": task.id, "leased_until": task.leased_until,
        "cause": cause, "detail": _short(detail), "now": now,
        "next": next_attempt(cause, task.attempts, now),
    }  # fmt: skip
    rows.execute(_AGAIN, values)


def _short(detail: str) -> str:
    return detail.replace("\0", "")[:500]
