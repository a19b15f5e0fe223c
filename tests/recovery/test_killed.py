"""The worker is killed at every commit, before it and after it: nothing is done twice or lost.

An episode with a message, a task and a try is run to its end in a world where the n-th commit of
its worker is the last, for every n until a whole life needs no more; another then goes on. The
provider's charges, the messages sent and the recovered cash must be those of a life without
accidents. A sender that cannot tell what it has sent may lose a message, and never repeats one.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from recovery.performing import perform
from recovery.running import run_due
from recovery.store import actions
from recovery.watching import Parts, watch
from tests.recovery.conftest import KilledError, Mortal
from tests.recovery.flow_documents import DAYS_2, END, steps

SOFT = "insufficient_funds"
FLOW = steps(
    causes=("one_off",),
    first={"kind": "branch", "otherwise": "over",
           "cases": [{"when": {"fact": "decline_class", "op": "in", "value": ["soft", "none"]},
                      "next": "write"}]},
    write={"kind": "message", "template": "payment_failed", "next": "person"},
    person={"kind": "task", "instruction": "Call", "next": "tries"},
    tries={"kind": "retry", "schedule": [DAYS_2], "next": "over", "on_stop": "over"},
    over=END,
)  # fmt: skip


@dataclass
class Counting:
    """A sender that remembers what it sent; whether it can be asked is another matter."""

    knows: bool
    sent: Counter = field(default_factory=Counter)

    def send(self, message, written):
        self.sent[message.key] += 1
        return {}

    def was_sent(self, key):
        return self.sent[key] > 0 if self.knows else None


def work(parts: Parts, company) -> None:
    """Do everything that can be done now, in one thread."""
    while True:
        done = watch(parts, company.now) + run_due(parts.database, parts.book, company.now)
        with parts.database.system() as rows:
            taken = actions.lease(rows, company.now, 16)
        for action in taken:
            perform(parts, action, company.now)
        if not done and not taken:
            return


def one_life(company, commits: int, *, after_commit: bool) -> bool:
    """Bring one invoice home with a death on the way; return whether somebody died."""
    mortal = Mortal(company.parts.database, commits, after_commit=after_commit)
    worker = replace(company.parts, database=mortal)
    begun = company.now
    for days in (0, 2):
        company.travel(max(company.now, begun + timedelta(days=days, minutes=5)))
        company.hear()
        if mortal.lives > 0:
            with suppress(KilledError):
                work(worker, company)
        if mortal.lives <= 0:  # another worker, once the dead one's leases have run out
            company.settle_down()
            company.travel(company.now + timedelta(minutes=3))
            company.settle_down()
    company.run_until(begun + timedelta(days=3), timedelta(days=3))
    return mortal.lives <= 0


@pytest.mark.parametrize(
    ("after_commit", "knows"), [(False, True), (True, False)], ids=["before", "after"]
)
def test_a_death_at_any_commit_does_nothing_twice(company, after_commit, knows):
    sender = Counting(knows)
    company.parts = replace(company.parts, senders=dict.fromkeys(company.parts.senders, sender))
    company.publish(FLOW)
    buyers: list[str] = []
    died = True
    while died:
        assert len(buyers) < 80, "a life that never ends"
        buyers.append(company.debtor(SOFT, None))
        died = one_life(company, len(buyers), after_commit=after_commit)
        assert company.charges(buyers[-1]) == [SOFT, "paid"], len(buyers)
    assert len(buyers) > 12, "there are more commits than that in a life"
    ends = company.episodes("outcome, recovered_minor, recovered_by")
    assert [tuple(row.values()) for row in ends] == [("recovered", 4900, "retry")] * len(buyers)
    kinds = Counter(company.actions())
    once = ("retry", "take_over", "task")
    assert {kinds[kind, "done"] for kind in once} == {len(buyers)}
    assert set(sender.sent.values()) == {1}
    lost = kinds["message", "unknown"]
    assert (len(sender.sent) + lost, lost) == (len(buyers), 0) if knows else lost <= 2
    with company.parts.database.system() as rows:
        tasks = rows.execute(
            "select count(*) as tasks from recovery_tasks where workspace_id = %s",
            [company.workspace_id],
        ).fetchone()
    assert tasks == {"tasks": len(buyers)}
