"""Goals are noted once, where they were reached; they are awaited, and may end a flow."""

from datetime import timedelta

import pytest

from recovery.flows.document import flow_of
from recovery.flows.library import library
from recovery.flows.validation import validate
from recovery.payer.acting import ask_for_help, promise
from recovery.store import episodes
from tests.recovery.conftest import RENEWED, Company
from tests.recovery.flow_documents import DAYS_2, END, document, flow

SOFT = "insufficient_funds"
PAID = {"name": "paid", "reached": {"kind": "paid"}}
SOME = {"name": "some", "reached": {"kind": "paid", "at_least_minor": 4900, "currency": "EUR"}}
MORE = {"name": "more", "reached": {"kind": "paid", "at_least_minor": 4901, "currency": "EUR"}}
METHOD = {"name": "method", "title": "A new card",
          "reached": {"kind": "event", "event": "payment_method_updated"}}  # fmt: skip
DATE = {"name": "date", "reached": {"kind": "event", "event": "promise_made"}}
HELP = {"name": "help", "reached": {"kind": "event", "event": "help_asked"}}
RESTS = {"rest": {"kind": "wait", "until": {"kind": "duration", "days": 9}, "next": "over"},
         "over": END}  # fmt: skip


def goals(company: Company) -> dict[str, str]:
    """The goals that the one episode reached, and the step that it stood at."""
    return {name: one["step"] for name, one in company.episode()["memory"].get("goals", {}).items()}


def act_on(company: Company, does, *given) -> None:
    with company.parts.database.system() as rows:
        (held,) = episodes.lock(rows, company.workspace_id, [company.episode()["id"]])
        does(rows, company.parts.book, held, *given, company.now)


def test_what_is_paid_reaches_its_goals_once_and_at_the_step_it_was_paid_at(company: Company):
    company.publish(flow(goals=[PAID, SOME, MORE, METHOD]))
    company.subscriber(SOFT, None)
    company.renew()
    assert goals(company) == {}
    company.run_until(RENEWED + timedelta(days=3))
    assert company.episode()["outcome"] == "recovered"
    assert goals(company) == {"paid": "tries", "some": "tries"}
    assert company.timeline()[-2:] == ["ended", "goal_reached"]
    assert company.newest("goal_reached") == {"goals": ["paid", "some"]}
    company.settle_down()
    assert company.timeline().count("goal_reached") == 1


def test_another_card_a_day_and_a_question_are_goals_whatever_the_flow_waits_for(company: Company):
    company.publish(flow(start="rest", steps=RESTS, goals=[METHOD, DATE, HELP]))
    buyer = company.subscriber(SOFT)
    company.renew()
    company.give_card(buyer["customer"], SOFT)
    company.settle_down()
    assert goals(company) == {"method": "rest"}
    act_on(company, promise, (RENEWED + timedelta(days=4)).date())
    assert goals(company) == {"method": "rest", "date": "rest"}
    act_on(company, ask_for_help, "May I pay by transfer?")
    assert set(goals(company)) == {"method", "date", "help"}
    company.give_card(buyer["customer"], SOFT)
    company.settle_down()
    assert company.timeline().count("goal_reached") == 3
    assert company.episode()["state"] == "paused"


def test_a_goal_may_end_the_flow_at_once(company: Company):
    company.publish(flow(start="rest", steps=RESTS, goals=[{**METHOD, "ends_flow": True}]))
    buyer = company.subscriber(SOFT)
    company.renew()
    company.give_card(buyer["customer"], SOFT)
    company.settle_down()
    ended = company.episode()
    assert (ended["state"], ended["outcome"]) == ("ended", "goal_reached")
    assert ended["reason"] == "Its goal was reached: A new card."
    assert company.now < RENEWED + timedelta(days=1)


def test_a_goal_is_awaited_and_branched_on(company: Company):
    waits = {
        "kind": "await",
        "event": "goal_reached",
        "goal": "method",
        "timeout": {"kind": "duration", "days": 9},
        "on_event": "asks",
        "on_timeout": "over",
    }
    asks = {"kind": "branch", "otherwise": "over", "cases": [{"next": "call", "when": {"all": [
        {"fact": "goal.method", "op": "eq", "value": True},
        {"fact": "goal.date", "op": "eq", "value": False}]}}]}  # fmt: skip
    call = {"kind": "task", "instruction": "Say thanks.", "next": "over"}
    found = {"waits": waits, "asks": asks, "call": call, "over": END}
    company.publish(flow(start="waits", steps=found, goals=[METHOD, DATE]))
    buyer = company.subscriber(SOFT)
    company.renew()
    assert company.episode()["awaits"] == "goal_reached"
    company.give_card(buyer["customer"], SOFT)
    company.settle_down()
    assert company.actions() == [("task", "done")]
    assert company.newest("branched")["known"] == {"goal.method": True, "goal.date": False}


def test_a_condition_is_a_goal_from_when_it_holds(company: Company):
    late = {"name": "late", "reached": {"kind": "condition", "when":
            {"fact": "days_open", "op": "gte", "value": 2}}}  # fmt: skip
    rests = {
        "rest": {"kind": "wait", "until": DAYS_2, "next": "again"},
        "again": {"kind": "wait", "until": DAYS_2, "next": "over"},
        "over": END,
    }
    company.publish(flow(start="rest", steps=rests, goals=[late]))
    company.subscriber(SOFT)
    company.renew()
    company.run_until(RENEWED + timedelta(days=5), timedelta(days=3))
    assert goals(company) == {"late": "rest"}
    assert company.timeline().count("goal_reached") == 1


def test_a_holdout_s_card_is_a_goal_though_its_flow_was_over_as_it_began(company: Company):
    """Arms are compared by what payers did, not by how long the flow watched."""
    company.publish(flow(start="over", steps={"over": {"kind": "end", "outcome": "holdout"}},
                         goals=[METHOD, PAID]))  # fmt: skip
    buyer = company.subscriber(SOFT)
    company.renew()
    assert company.episode()["outcome"] == "holdout"
    company.give_card(buyer["customer"], None)
    company.settle_down()
    assert goals(company) == {"method": "over"}
    invoice = company.episode()["subject_id"]
    company.post(f"/v1/invoices/{invoice}/pay")
    company.settle_down()
    assert goals(company) == {"method": "over", "paid": "over"}


def test_money_that_is_taken_back_unreaches_what_was_paid_and_nothing_else(company: Company):
    from recovery.engine.observing import _but_paid
    from recovery.store.rows import episode_of

    company.publish(flow(goals=[PAID, METHOD]))
    company.subscriber(SOFT, None)
    company.renew()
    company.run_until(RENEWED + timedelta(days=3))
    row = company.episode()
    row["memory"]["goals"]["method"] = row["memory"]["goals"]["paid"]
    assert set(_but_paid(episode_of(row), flow(goals=[PAID, METHOD]))) == {"method"}


WAITS = {"kind": "await", "timeout": {"kind": "duration", "days": 2}, "on_event": "over",
         "on_timeout": "over"}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"goals": [PAID, PAID]}, "goal_names"),
        ({"goals": [{**SOME, "reached": {"kind": "paid", "at_least_minor": 1}}]}, "goal_amount"),
        ({"goals": [{**PAID, "reached": {"kind": "paid", "currency": "EUR"}}]}, "goal_amount"),
        ({"goals": [{**PAID, "reached": {"kind": "condition", "when":
            {"fact": "shoe_size", "op": "eq", "value": 1}}}]}, "bad_condition"),
        ({"exits": [{"when": {"fact": "goal.paid", "op": "eq", "value": True}}]}, "goal"),
        ({"steps": {"over": END, "w": {**WAITS, "event": "goal_reached"}}, "start": "w"}, "goal"),
        ({"steps": {"over": END, "w": {**WAITS, "event": "goal_reached", "goal": "paid"}},
          "start": "w"}, "goal"),
        ({"steps": {"over": END, "w": {**WAITS, "event": "promise_made", "goal": "paid"}},
          "start": "w", "goals": [PAID]}, "goal"),
    ],
)  # fmt: skip
def test_a_goal_that_means_nothing_is_found(changes, code):
    assert [one.code for one in validate(flow_of(document(**changes)))] == [code]


def test_ready_flows_have_goals_where_something_is_to_be_won():
    without = {name for name, one in library().items() if not one.goals}
    assert without == {"dispute_lost"}
