"""Which changes has nobody looked at yet? Taken for a while, struck off once looked at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.database import Rows

LEASE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

_LEASE = """
with due as (
    select workspace_id, connection_id, object, id from recovery_signals
    where leased_until < %(now)s order by leased_until, noted_at limit %(most)s
    for update skip locked
)
update recovery_signals s set leased_until = %(until)s, attempts = attempts + 1
from due where s.workspace_id = due.workspace_id and s.connection_id = due.connection_id
    and s.object = due.object and s.id = due.id
returning s.workspace_id, s.connection_id, s.object, s.id, s.version, s.attempts, s.noted_at
"""
# Not if it changed again meanwhile.
_DONE = """
delete from recovery_signals where workspace_id = %s and connection_id = %s and object = %s
    and id = %s and version = %s
"""
_LATER = """
update recovery_signals set leased_until = %s where workspace_id = %s and connection_id = %s
    and object = %s and id = %s and version = %s
"""
_EPISODES = """
select subject_kind, subject_id from recovery_episodes
where workspace_id = %(workspace_id)s and connection_id = %(connection_id)s
    and (
        customer_id = %(customer_id)s and (state <> 'ended'
            or outcome in ('holdout', 'lost', 'goal_reached')
                and ended_at > %(noted_at)s - interval '30 days')
        or subscription_id = %(subscription_id)s and state <> 'ended')
"""
_KNOWN = """
select id from recovery_episodes
where workspace_id = %s and connection_id = %s and subject_kind = %s and subject_id = %s
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """One object that changed."""

    workspace_id: str
    connection_id: str
    object: str
    id: str
    version: int
    attempts: int
    noted_at: datetime

    @property
    def name(self) -> list[str | int]:
        """Its key and version."""
        return [self.workspace_id, self.connection_id, self.object, self.id, self.version]


def lease(rows: Rows, now: datetime, most: int) -> list[Signal]:
    """Take signals that nobody has (system role)."""
    values = {"now": now, "until": now + LEASE, "most": most}
    return [Signal(**row) for row in rows.execute(_LEASE, values)]


def done(rows: Rows, signal: Signal) -> None:
    """Strike a signal off."""
    rows.execute(_DONE, signal.name)


def later(rows: Rows, signal: Signal, now: datetime) -> None:
    """Look again after a pause that grows with every failure."""
    pause = min(timedelta(seconds=2) * 2 ** min(signal.attempts - 1, 12), LONGEST_PAUSE)
    rows.execute(_LATER, [now + pause, *signal.name])


def open_subjects(
    rows: Rows, signal: Signal, customer_id: str | None, subscription_id: str | None = None
) -> list[tuple[str, str]]:
    """Return the subjects of a customer's open episodes, or those of one subscription.

    With those that ended unpaid a short while ago: what their payer still does is a goal all the
    same, for holdouts above all, whose flow ends as it begins.
    """
    values = {
        "workspace_id": signal.workspace_id, "connection_id": signal.connection_id,
        "customer_id": customer_id, "subscription_id": subscription_id,
        "noted_at": signal.noted_at,
    }  # fmt: skip
    found = rows.execute(_EPISODES, values)
    return [(row["subject_kind"], row["subject_id"]) for row in found]


def episode_of_subject(
    rows: Rows, workspace_id: str, connection_id: str, kind: str, subject_id: str
) -> str | None:
    """Return the id of a subject's episode, if it has one."""
    row = rows.execute(_KNOWN, [workspace_id, connection_id, kind, subject_id]).fetchone()
    return None if row is None else str(row["id"])
