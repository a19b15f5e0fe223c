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
