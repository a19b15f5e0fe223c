"""Does recovery's worker stay as large as it is? A year of episodes on a clock that is moved.

Some hundred episodes go through a flow that waits a week, decides and tells other systems, week for
week: each step and each action as the worker takes them, on real Postgres. What the process holds
is read at the end of each quarter; what leaks by the step or by the action shows in the last.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.memory import MEGABYTE, held_by
from benchmarks.report import report
from core.database import Database
from core.settings import Settings
from core.tenancy import TenantId
from recovery.channels.folder import folder_senders
from recovery.running import run_due
from recovery.watching import Parts, parts_of
from recovery.worker import act

EPISODES = 200
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
QUARTERS, WEEKS = 4, 13
MOST_GROWTH = 1.05
WEEKLY = {
    "name": "Weekly", "trigger": {"causes": ["one_off"]}, "start": "kind",
    "steps": {
        "kind": {"kind": "branch", "cases": [{"when": {"fact": "days_open", "op": "gte",
                 "value": 1}, "next": "tell"}], "otherwise": "wait"},
        "tell": {"kind": "webhook", "label": "week_over", "next": "wait"},
        "wait": {"kind": "wait", "until": {"kind": "duration", "days": 7}, "next": "kind"},
    },
}  # fmt: skip
_SEED = """
insert into recovery_episodes
    (workspace_id, id, connection_id, subject_kind, subject_id, cause, customer_id, amount_minor,
     currency, facts, flow_id, flow_version, step, state, memory, revision, due_at, opened_at,
     updated_at)
select %(workspace)s, 'ep_y' || n, %(connection)s, 'invoice', 'in_y' || n, 'one_off', 'cus_' || n,
    n, 'EUR', '{"decline_class": "soft", "attempts": 1}', %(flow)s, 1, 'kind', 'running', '{}', 1,
    %(now)s, %(now)s, %(now)s
from generate_series(1, %(episodes)s::int) as n
"""


def measure(
    settings: Settings, database: Database, tenant: TenantId, connection_id: str, flow: str
) -> None:
    """Live a year through; report what the process held at its quarters."""
    with database.tenant(tenant) as rows:
        rows.execute(
            _SEED,
            {
                "workspace": str(tenant), "connection": connection_id, "flow": flow,
                "now": BEGINS, "episodes": EPISODES,
            },
        )  # fmt: skip
    system = Database.connect(settings, role="system", size=2)
    parts = parts_of(settings, system, database, folder_senders(Path(settings.data_dir)))
    held, done = [], 0
    for steps, now in _weeks(parts):
        done += steps
        if (now - BEGINS).days % (7 * WEEKS) == 0 and now > BEGINS:
            held.append(held_by(os.getpid()).rss / MEGABYTE)
    parts.accounts.close()
    system.close()
    print(f"{done} steps and actions, RSS {held} MB", file=sys.stderr)
    assert done >= EPISODES * QUARTERS * WEEKS * 4, done
    growth = held[-1] / held[0]
    report(
        "recovery.year_rss", held[-1], "MB", peer=f"{held[0]:.1f} MB after the first quarter",
        ratio=growth, goal=f"ratio <= {MOST_GROWTH}", met=growth <= MOST_GROWTH,
    )  # fmt: skip
    with database.tenant(tenant) as rows:
        rows.execute("delete from recovery_episodes")


def _weeks(parts: Parts) -> Iterator[tuple[int, datetime]]:
    """Yield, week for week, how much was done."""
    for week in range(QUARTERS * WEEKS + 1):
        now, done = BEGINS + timedelta(days=7 * week), 0
        while moved := run_due(parts.database, parts.book, now) + act(parts, now):
            done += moved
        yield done, now
