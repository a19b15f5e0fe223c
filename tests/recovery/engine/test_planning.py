"""When is a try made? By its schedule, or at the likeliest hour after it; why, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.engine.advancing import advance
from recovery.engine.episode import Episode, Terms
from recovery.engine.planning import HOUR, plan
from recovery.flows.document import flow_of
from recovery.flows.steps import Retry
from recovery.forecasting import Forecast
from recovery.limits import Attempt, refusal

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FACTS = {"decline_class": "soft", "decline_code": "insufficient_funds", "attempts": 1}
STEP = {
    "kind": "retry", "schedule": [{"kind": "duration", "days": 1}], "timing": "propensity",
    "within_hours": 6, "next": "a", "on_stop": "a",
}  # fmt: skip


def model(*chances, knows_hours=True):
    """Answers of a model, one per hour from the schedule's own on."""
    return lambda _, moments: Forecast(tuple(chances[: len(moments)]), "propensity-1-x",
                                       knows_hours)  # fmt: skip


def step(**changes):
    return Retry.model_validate({**STEP, **changes})


def test_the_likeliest_hour_is_taken():
    found = plan(step(), FACTS, model(300, 310, 325, 340, 340, 200, 100), AT)
    assert found.at == AT + 3 * HOUR
    assert (
        found.reason == "3 hours after its schedule, when it is likelier: 34.0 % instead of 30.0 %"
    )
    assert found.details == {"model": "propensity-1-x", "chance_scheduled": 300, "chance": 340}


@pytest.mark.parametrize(
    ("changes", "facts", "forecaster", "reason"),
    [
        ({"timing": "fixed"}, {}, model(1, 999), "by its schedule"),
        ({}, {}, None, "by its schedule: no model of propensity answers"),
        ({}, {}, lambda *_: None, "by its schedule: no model of propensity answers"),
        ({}, {}, model(*[300] * 7, knows_hours=False),
         "by its schedule (30.0 %): the model knows no hours"),
        ({}, {}, model(300, 309, 309, 309, 309, 309, 309),
         "by its schedule (30.0 %): no hour after it is likelier"),
        ({}, {"decline_class": "hard"}, model(*range(0, 700, 100)),
         "by its schedule: no refusal that a model could judge"),
        ({}, {"decline_code": ""}, model(*range(0, 700, 100)),
         "by its schedule: no refusal that a model could judge"),
    ],
)  # fmt: skip
def test_the_schedule_holds_and_it_is_said_why(changes, facts, forecaster, reason):
    found = plan(step(**changes), {**FACTS, **facts}, forecaster, AT)
    assert (found.at, found.reason) == (AT, reason)


@given(st.lists(st.integers(0, 1000), min_size=73, max_size=73), st.integers(1, 72))
def test_a_try_is_never_earlier_than_its_schedule_nor_later_than_its_window(chances, within):
    found = plan(step(within_hours=within), FACTS, model(*chances), AT)
    assert AT <= found.at <= AT + within * HOUR
    if found.at != AT:
        gained = chances[(found.at - AT) // HOUR]
        assert gained == max(chances[: within + 1]) >= chances[0] + 10


def tried(count: int, every: timedelta, newest: datetime) -> list[Attempt]:
    """So many declined tries on one card, newest first."""
    return [Attempt("card", newest - number * every, False, "soft") for number in range(count)]


def test_a_limit_that_would_refuse_the_hour_moves_it_and_the_likeliest_after_it_is_taken():
    """Ten tries since six in the morning: the first leaves the 24 hours at six the next day."""
    before = tried(10, timedelta(minutes=20), AT)
    scheduled, frees = AT + 2 * HOUR, AT - 9 * timedelta(minutes=20) + 24 * HOUR
    found = plan(step(), FACTS, model(300, 310, 400, 340, 340, 200, 100), scheduled, before)
    assert found.at == frees + 2 * HOUR
    assert found.reason == (
        "2 hours after its schedule, when it is likelier: 40.0 % instead of 30.0 %, once the card"
        " networks allow it: 10 attempts within 24 hours are the limit."
    )
    assert found.details["held_back_from"] == scheduled.isoformat()
    fixed = plan(step(timing="fixed"), FACTS, None, scheduled, before)
    assert fixed.at == frees
    # One fewer leaves room; a firm refusal is told when it comes to the try, not hidden by waiting.
    assert plan(step(timing="fixed"), FACTS, None, scheduled, before[1:]).at == scheduled
    firm = [Attempt("card", AT + HOUR, False, "hard"), *before]
    assert plan(step(timing="fixed"), FACTS, None, scheduled, firm).at == scheduled


@given(
    st.lists(st.integers(0, 40 * 24 * 60), min_size=0, max_size=40),
    st.integers(0, 10 * 24),
    st.sampled_from(["fixed", "propensity"]),
)
def test_no_hour_is_chosen_that_the_networks_refuse_nor_a_later_one_without_need(
    ago, after, timing
):
    before = [Attempt("card", AT - timedelta(minutes=minutes), False, "soft") for minutes in ago]
    scheduled = AT + after * HOUR
    answers = model(*range(300, 370, 10))
    found = plan(step(timing=timing), FACTS, answers, scheduled, before)
    assert refusal(before, "card", found.at) is None
    allowed = found.at - (6 * HOUR if timing == "propensity" else timedelta(0))
    if allowed > scheduled:  # as soon as one of the limits frees a try, and no minute before
        assert refusal(before, "card", allowed - timedelta(seconds=1)) is not None


FLOW = {
    "name": "By chance", "trigger": {"causes": ["renewal"]}, "start": "ask",
    "steps": {
        "ask": {"kind": "branch", "otherwise": "over",
                "cases": [{"when": {"fact": "propensity", "op": "gte", "value": 250},
                           "next": "tries"}]},
        "tries": {**STEP, "next": "over", "on_stop": "over"},
        "over": {"kind": "end"},
    },
}  # fmt: skip


def episode(**facts):
    return Episode(
        workspace_id="ws_a", id="ep_a", connection_id="conn_a", subject_kind="invoice",
        subject_id="in_1", cause="renewal", customer_id="cus_1", subscription_id="",
        amount_minor=4900, currency="EUR", facts={**FACTS, **facts}, flow_id="f", flow_version=1,
        step="ask", state="running", opened_at=AT, due_at=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "forecaster", "to"),
    [
        ({}, model(250), "tries"),
        ({}, model(249), "over"),
        ({}, None, "over"),
        # Whatever a model says: after a firm refusal nothing is likely.
        ({"decline_class": "hard"}, model(999), "over"),
    ],
)
def test_a_branch_asks_how_likely_a_try_is_now(facts, forecaster, to):
    terms = Terms("oppulence", ZoneInfo("UTC"), forecaster)
    moved = advance(episode(**facts), flow_of(FLOW), terms, AT)
    assert moved is not None
    assert moved.episode.step == to


def test_a_planned_try_says_when_and_why():
    terms = Terms("provider", ZoneInfo("UTC"), model(300, 420, 300, 300, 300, 300, 300))
    moved = advance(episode(), flow_of(FLOW), terms, AT)
    assert moved is not None
    left = advance(moved.episode, flow_of(FLOW), terms, AT)
    assert left is not None
    assert left.kind == "retry_left"  # the provider retries: there is nothing to plan
    terms = Terms("oppulence", ZoneInfo("UTC"), terms.forecaster)
    taking = advance(moved.episode, flow_of(FLOW), terms, AT)
    assert taking is not None
    assert taking.action is not None
    assert taking.action.kind == "take_over"
    own = episode(subject="x")

    ours = replace(own, step="tries", memory=replace(own.memory, taken_over=True))
    planned = advance(ours, flow_of(FLOW), terms, AT)
    assert planned is not None
    assert planned.episode.due_at == AT + timedelta(days=1, hours=1)
    assert planned.reason == (
        "Try 1 of 1 is planned an hour after its schedule, when it is likelier:"
        " 42.0 % instead of 30.0 %."
    )
