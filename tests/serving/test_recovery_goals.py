"""Goals over API and pages: counted per flow, step and arm, by hand; of nobody else's episodes."""

import re
from datetime import timedelta

from core.clock import utc_now
from recovery.flows.document import document_of
from tests.recovery.flow_documents import END, steps
from tests.serving.merchant import days_ago

ARMS = [
    {"name": "ours", "share": 50, "next": "over"},
    {"name": "alone", "share": 50, "holdout": True, "next": "over"},
]
GOALS = [
    {"name": "paid", "title": "Paid in full", "reached": {"kind": "paid"}},
    {"name": "card", "reached": {"kind": "event", "event": "payment_method_updated"}},
]
PATH = "/v1/recovery/goals"


def published(merchant, *, goals=GOALS) -> str:
    split = {"kind": "split", "experiment": "proof", "arms": ARMS}
    made = steps("first", first=split, over=END)
    document = {**document_of(made), "goals": goals}
    return merchant.flow("flow_1", document)


def reached(**steps_of) -> dict:
    at = utc_now().isoformat()
    return {name: {"at": at, "step": step} for name, step in steps_of.items()}


def test_goals_are_counted_by_flow_step_and_arm(merchant) -> None:
    here, flow = merchant.connect(), published(merchant)
    on = {"flow_id": flow, "flow_version": 1}
    for number, (arm, goals) in enumerate([
        ("ours", reached(paid="ask", card="ask")), ("ours", reached(card="first")), ("ours", {}),
        ("alone", reached(paid="over")), ("alone", {}),
    ]):  # fmt: skip
        memory = {"arms": {"proof": arm}, "goals": goals}
        merchant.episode(here, f"ep_{number}", memory=memory, **on)
    merchant.episode(here, "ep_yen", currency="JPY", memory={"goals": reached(paid="ask")}, **on)
    merchant.episode(here, "ep_old", memory={"goals": reached(paid="ask")},
                     opened_at=days_ago(100), **on)  # fmt: skip
    merchant.episode(here, "ep_none")
    asked = {"currency": "EUR", "days": 90}
    answer = merchant.visitor.api("GET", PATH, str(merchant.tenant), params=asked)
    assert answer.status_code == 200, answer.text
    named = {"flow_id": flow, "flow": "Renewals", "episodes": 5}
    assert answer.json()["data"] == [
        {
            **named, "goal": "card", "title": "", "reached": 2,
            "by_step": [{"step": "ask", "reached": 1}, {"step": "first", "reached": 1}],
            "by_arm": [
                {"experiment": "proof", "arm": "alone", "episodes": 2, "reached": 0},
                {"experiment": "proof", "arm": "ours", "episodes": 3, "reached": 2},
            ],
        },
        {
            **named, "goal": "paid", "title": "Paid in full", "reached": 2,
            "by_step": [{"step": "ask", "reached": 1}, {"step": "over", "reached": 1}],
            "by_arm": [
                {"experiment": "proof", "arm": "alone", "episodes": 2, "reached": 1},
                {"experiment": "proof", "arm": "ours", "episodes": 3, "reached": 1},
            ],
        },
    ]  # fmt: skip
    shown = merchant.open("/analytics?days=90&currency=EUR").text
    row = re.search(r"Paid in full<small>Renewals.*?</tr>", shown, re.S)
    assert row is not None
    said = " ".join(re.sub(r"<[^>]+>", " ", row[0]).split())
    assert "5 2 40.0" in said
    assert "Ask 1, Over 1" in said
    assert "Alone 1 of 2, Ours 1 of 3" in said


def test_goals_of_others_are_not_seen(merchant, new_workspace) -> None:
    here, flow = merchant.connect(), published(merchant)
    merchant.episode(here, "ep_1", flow_id=flow, flow_version=1,
                     memory={"goals": reached(paid="ask")})  # fmt: skip
    other = new_workspace()
    assert other.api.get(PATH, headers=other.headers()).json() == {"data": []}


def test_a_version_without_goals_counts_for_none(merchant) -> None:
    here, flow = merchant.connect(), published(merchant, goals=[])
    merchant.episode(here, "ep_1", flow_id=flow, flow_version=1,
                     opened_at=utc_now() - timedelta(days=1))  # fmt: skip
    answer = merchant.visitor.api("GET", PATH, str(merchant.tenant))
    assert answer.json() == {"data": []}
    assert 'id="goals"' not in merchant.open("/analytics").text
