"""How many would have reached a goal is what the tries and the walk make of it, by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery.engine.episode import Terms
from recovery.flows.document import Flow
from recovery.simulation.history import PastFailure, PastTry
from recovery.simulation.outcome import simulate
from tests.recovery.flow_documents import flow

BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
TERMS = Terms("oppulence", ZoneInfo("UTC"))
DAY = timedelta(days=1)
# Of a hundred tries on the second day thirty were paid: drawn to its kind's rate as any cell is.
BASE = 30.5 / 102
RATE = (30 + 8 * BASE) / 108
TRIED = {"kind": "condition", "when": {"fact": "attempts", "op": "gte", "value": 2}}


def twice(*goals: dict[str, object]) -> Flow:
    return flow(
        steps={
            "soon": {"kind": "retry", "schedule": [{"kind": "duration", "days": 2}],
                     "next": "later", "on_stop": "over"},
            "later": {"kind": "retry", "schedule": [{"kind": "duration", "days": 9}],
                      "next": "over", "on_stop": "over"},
            "over": {"kind": "end"},
        },
        start="soon",
        goals=list(goals),
    )  # fmt: skip


def past(amounts: tuple[int, ...] = (1000,)) -> list[PastFailure]:
    """A hundred failures, each tried once more after two days; thirty were paid then."""
    found = []
    for number in range(100):
        is_paid = number < 30
        tries = (
            PastTry(BEGAN, is_success=False, decline_class="soft"),
            PastTry(
                BEGAN + 2 * DAY, is_success=is_paid, decline_class="none" if is_paid else "soft"
            ),
        )
        amount = amounts[number % len(amounts)]
        facts = {"decline_class": "soft", "attempts": 1}
        found.append(PastFailure(f"pi_{number}", f"cus_{number}", "renewal", amount, "EUR", facts,
                                 tries))  # fmt: skip
    return found


def test_as_many_pay_as_the_tries_collect():
    goals = (
        {"name": "paid", "title": "Paid in full", "reached": {"kind": "paid"}},
        {"name": "large", "reached": {"kind": "paid", "at_least_minor": 2000, "currency": "EUR"}},
        {"name": "abroad", "reached": {"kind": "paid", "at_least_minor": 1, "currency": "USD"}},
    )
    paid, large, abroad = simulate(twice(*goals), past((1000, 2000)), TERMS).goals
    chance = 1 - (1 - RATE) * (1 - BASE)
    assert (paid.goal, paid.title, paid.at_most) == ("paid", "Paid in full", 100)
    assert (round(paid.expected or 0, 9), paid.at_most) == (round(100 * chance, 9), 100)
    assert (paid.low or 0) < (paid.expected or 0) < (paid.high or 0) <= 100
    assert (large.title, large.at_most) == ("Large", 50)
    assert round(large.expected or 0, 9) == round(50 * chance, 9)
    assert (abroad.at_most, abroad.expected, abroad.low, abroad.high) == (0, 0.0, 0, 0)


def test_a_condition_is_reached_by_those_whom_the_tries_before_it_left_unpaid():
    """It holds once the first try is made: with the chance that this one failed."""
    (tried,) = simulate(twice({"name": "tried", "reached": TRIED}), past(), TERMS).goals
    assert tried.at_most == 100
    assert round(tried.expected or 0, 9) == round(100 * (1 - RATE), 9)


def test_a_goal_that_ends_the_flow_leaves_no_later_try():
    found = simulate(twice({"name": "tried", "reached": TRIED, "ends_flow": True}), past(), TERMS)
    assert found.actions == {"retry": 100}
    assert round(found.goals[0].expected or 0, 9) == round(100 * (1 - RATE), 9)


def test_what_a_payer_would_have_done_is_not_told():
    card = {"name": "card", "reached": {"kind": "event", "event": "payment_method_updated"}}
    (one,) = simulate(twice(card), past(), TERMS).goals
    assert (one.at_most, one.expected, one.low, one.high) == (None, None, None, None)


def test_a_flow_without_goals_tells_of_none():
    assert simulate(twice(), past(), TERMS).goals == ()
