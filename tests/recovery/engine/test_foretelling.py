"""A message names the day of the next try only where that day is certain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recovery.engine.episode import Episode, Memory, Terms
from recovery.engine.foretelling import next_try
from recovery.flows.steps import Retry
from recovery.limits import Attempt
from tests.recovery.flow_documents import DAYS_2, END, steps

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
STRIPES = AT + timedelta(days=4)  # when the provider would try by itself
OURS = Terms("oppulence", ZoneInfo("UTC"))
WRITE = {"kind": "message", "template": "payment_failed"}
TRY = {"kind": "retry", "schedule": [{"kind": "duration", "days": 3}, DAYS_2], "next": "over",
       "on_stop": "over"}  # fmt: skip
EPISODE = Episode(
    workspace_id="ws", id="ep", connection_id="conn", subject_kind="invoice", subject_id="in",
    cause="renewal", customer_id="cus", subscription_id="", amount_minor=4900, currency="EUR",
    facts={"decline_class": "soft"}, flow_id="f", flow_version=1, step="first", state="running",
    opened_at=AT,
)  # fmt: skip


def certain(then=None, terms=OURS, episode=EPISODE, **more):
    flow = steps(first={**WRITE, "next": "then"}, then=then or TRY, over=END, **more)
    return next_try(episode, flow, terms, STRIPES, AT)


def test_waits_and_the_schedule_are_added_up():
    assert certain() == AT + 3 * DAY
    wait = {"kind": "wait", "until": DAYS_2, "next": "task"}
    task = {"kind": "task", "instruction": "Look.", "next": "tries"}
    assert certain(wait, task=task, tries=TRY) == AT + 5 * DAY


def test_the_networks_limits_are_kept():
    tried = [Attempt("card", AT, False, "soft", 10 * DAY)]
    assert certain(terms=replace(OURS, tries=lambda _: tried)) == AT + 10 * DAY


@pytest.mark.parametrize(
    "then",
    [
        {"kind": "await", "event": "help_asked", "timeout": DAYS_2, "on_event": "over",
         "on_timeout": "tries"},
        {"kind": "branch", "otherwise": "tries",
         "cases": [{"when": {"fact": "attempts", "op": "gt", "value": 3}, "next": "over"}]},
        # A second message may have to wait for its turn.
        {**WRITE, "next": "tries"},
    ],
)  # fmt: skip
def test_what_may_go_either_way_is_not_foretold(then):
    assert certain(then, tries=TRY) is None


def test_a_model_may_choose_another_hour_so_the_day_is_open():
    chosen = {**TRY, "timing": "propensity"}
    assert certain(chosen) == AT + 3 * DAY
    assert certain(chosen, replace(OURS, forecaster=lambda *_: None)) is None


def test_tries_that_are_not_ours_are_the_provider_s_to_foretell():
    assert certain(terms=replace(OURS, owner="provider")) == STRIPES
    assert certain(episode=replace(EPISODE, memory=Memory(is_holdout=True))) == STRIPES
    assert certain(episode=replace(EPISODE, memory=Memory(not_ours=True))) == STRIPES
    assert certain(END) == STRIPES  # a flow that retries nothing takes nothing over
    assert next_try(EPISODE, None, OURS, None, AT) is None


def test_a_message_by_hand_tells_of_the_try_that_is_planned():
    assert isinstance(steps(first=TRY, over=END).steps["first"], Retry)
    planned = replace(EPISODE, step="then", due_at=AT + DAY, memory=Memory(phase="armed"))
    assert certain(episode=planned) == AT + DAY
    assert certain(episode=replace(planned, memory=Memory(phase="acting"))) is None
