"""A replay says what then happens: the live engine, at a Stripe that declines every try."""

from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from recovery.engine.episode import Terms
from recovery.simulation.history import PastFailure, PastTry
from recovery.simulation.replay import replay
from tests.recovery.conftest import Company
from tests.recovery.flow_documents import END, steps

SOFT = "insufficient_funds"
DAY = timedelta(days=1)
# Eight tries of each payment: two payments on one card would pass the networks' fifteen.
FLOW = steps(
    causes=("one_off",),
    first={"kind": "retry", "schedule": [{"kind": "duration", "days": 3}] * 8, "next": "over",
           "on_stop": "over"},
    over=END,
)  # fmt: skip


def test_the_tries_on_one_card_are_made_when_the_replay_says(company: Company) -> None:
    company.publish(FLOW)
    buyer = company.debtor(*[SOFT] * 30)
    invoice = company.post("/v1/invoices", customer=buyer, currency="eur")["id"]
    company.post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=700, currency="eur")
    company.post(f"/v1/invoices/{invoice}/pay", status=402)
    company.settle_down()
    failed_at = {one["episode_id"]: one["attempted_at"] for one in company.tries()}
    assert len(failed_at) == 2
    past = [
        PastFailure(
            name, buyer, "one_off", 4900, "EUR", {"decline_class": "soft", "attempts": 1},
            (PastTry(at, is_success=False, decline_class="soft"),), "pm_1",
        )
        for name, at in failed_at.items()
    ]  # fmt: skip
    foretold = replay(FLOW, past, Terms("oppulence", ZoneInfo("UTC")))
    company.run_until(company.now + 34 * DAY, 3 * DAY)
    made = defaultdict(list)
    for one in company.tries():
        made[one["episode_id"]].append(one["attempted_at"] - failed_at[one["episode_id"]])
    told = [
        [one.at - failure.failed_at for one in walked.plan]
        for failure, walked in zip(past, foretold, strict=True)
    ]
    # Which of the two comes first on the last free day is settled by nobody.
    assert sorted(tries[1:] for tries in made.values()) == sorted(told)
    assert sorted(len(tries) for tries in told) == [8, 8]
    assert sum(one.held_back for one in foretold) == 2
    assert [one["state"] for one in company.episodes()] == ["ended"] * 2
