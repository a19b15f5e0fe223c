"""Is the reconciliation of a simulated company what the company itself knows?

The judgement of 20 companies of 5,000 payouts is `python -m benchmarks.reconciliation`.
"""

from datetime import timedelta

from benchmarks.reconciliation import NAMED, SETTLED_DAYS, UNTIL, company_at, judge
from reconciliation.matching import reconcile
from sandbox.company.calendar import midnight
from sandbox.world import World


def test_every_injected_fault_is_found_and_named_and_nothing_else(world: World):
    at = midnight(UNTIL + timedelta(days=SETTLED_DAYS))
    judged = judge(world, at, reconcile(company_at(world, at)))
    assert judged.wrong == []
    assert set(judged.faults) == {name for name in NAMED if name is not None}
    for link in ("deposit", "entry"):
        assert judged.true[link] > 590
        assert judged.precision(link) == judged.recall(link) == 1


def test_without_traces_it_is_as_right(world: World):
    at = midnight(UNTIL + timedelta(days=SETTLED_DAYS))
    judged = judge(world, at, reconcile(company_at(world, at, traces=False)))
    assert judged.wrong == []


def test_at_the_companys_last_day_what_may_still_come_is_not_called_missing(world: World):
    """Verdicts then differ from the truth only where the truth is not yet to be seen."""
    at = midnight(UNTIL)
    outcomes = reconcile(company_at(world, at))
    judged = judge(world, at, outcomes)
    said = {outcome.key: outcome for outcome in outcomes if outcome.kind == "payout"}
    assert judged.precision("deposit") == judged.recall("deposit") == 1
    assert judged.precision("entry") == judged.recall("entry") == 1
    for wrong in judged.wrong:
        late = wrong["fault"] == "late_deposit"
        expected = {"in_transit", "missing_in_bank"} if late else {"in_transit"}
        waits = wrong["said"] in expected
        unbooked = said[wrong["payout_id"]].books_verdict == "in_transit"
        assert waits or unbooked, wrong
    assert len(judged.wrong) < 20


def test_a_judgement_can_fail(world: World):
    """Every second line of the bank is withheld."""
    at = midnight(UNTIL + timedelta(days=SETTLED_DAYS))
    company = company_at(world, at)
    company.deposits[:] = company.deposits[::2]  # type: ignore[index]
    judged = judge(world, at, reconcile(company))
    assert judged.recall("deposit") < 0.9
    assert judged.false_alarms > 100
