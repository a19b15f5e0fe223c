"""A flow that would do harm is not published: each rule on the smallest flow that breaks it."""

import json
from pathlib import Path

import pytest

from recovery.flows.document import flow_of
from recovery.flows.validation import validate
from tests.recovery.flow_documents import END, document, flow, steps

SOFT = {"fact": "decline_class", "op": "in", "value": ["soft", "none"]}


def codes(found):
    return sorted((finding.code, finding.severity, finding.step) for finding in found)


def retry(*days, to="over", stop="over"):
    schedule = [{"kind": "duration", "days": length} for length in days]
    return {"kind": "retry", "schedule": schedule, "next": to, "on_stop": stop}


def guard(to):
    return {"kind": "branch", "cases": [{"when": SOFT, "next": to}], "otherwise": "over"}


def wait(to, **length):
    return {"kind": "wait", "until": {"kind": "duration", **length}, "next": to}


def message(to, **changes):
    return {"kind": "message", "template": "hello", "next": to, **changes}


def test_a_sound_flow_has_no_findings():
    assert validate(flow()) == []


def test_ways_lead_to_steps_and_steps_are_reached():
    assert codes(validate(steps(first=message("nowhere")))) == [("missing_step", "error", "first")]
    assert codes(validate(steps(start="none", over=END))) == [("missing_step", "error", "")]
    alone = steps(first=message("over"), over=END, island=message("over"))
    assert codes(validate(alone)) == [("unreachable_step", "error", "island")]


def test_a_loop_needs_time():
    endless = steps(
        first={"kind": "branch", "cases": [{"when": SOFT, "next": "over"}], "otherwise": "task"},
        task={"kind": "task", "instruction": "Call", "next": "first"},
        over=END,
    )
    assert codes(validate(endless)) == [("loop_without_wait", "error", "first")]
    timed = steps(
        first={"kind": "branch", "cases": [{"when": SOFT, "next": "over"}], "otherwise": "wait"},
        wait=wait("first", hours=1),
        over=END,
    )
    assert validate(timed) == []


def test_retries_left_to_the_provider_must_not_go_round_at_once():
    found = validate(steps(first=guard("tries"), tries=retry(2, stop="first"), over=END))
    assert ("loop_without_wait", "error", "first") in codes(found)


def test_no_retry_after_a_firm_refusal():
    unguarded = steps(first=retry(2), over=END)
    assert codes(validate(unguarded)) == [("retry_after_refusal", "error", "first")]
    again = steps(first=guard("one"), one=retry(2, stop="two"), two=retry(5), over=END)
    assert codes(validate(again)) == [("retry_after_refusal", "error", "two")]


def test_a_new_method_may_be_tried_after_a_firm_refusal():
    renewed = steps(
        first={"kind": "await", "event": "payment_method_updated", "on_event": "tries",
               "timeout": {"kind": "duration", "days": 5}, "on_timeout": "over"},
        tries=retry(0),
        over=END,
    )  # fmt: skip
    assert validate(renewed) == []


def test_a_condition_of_the_trigger_guards_as_a_branch_does():
    guarded = flow(
        trigger={"causes": ["renewal"], "when": SOFT}, start="tries",
        steps={"tries": retry(2, 3), "over": END},
    )  # fmt: skip
    assert validate(guarded) == []


def test_the_networks_windows_count_the_first_attempt():
    """The failure and fourteen tries are fifteen within thirty days; one more is too many."""
    allowed = [1, *[2] * 13]
    fifteen = steps(first=guard("tries"), tries=retry(*allowed), over=END)
    assert validate(fifteen) == []
    sixteen = steps(first=guard("tries"), tries=retry(*allowed, 2), over=END)
    assert codes(validate(sixteen)) == [("card_network_limit", "error", "tries")]
    slow = steps(first=guard("tries"), tries=retry(*[3] * 15), over=END)
    assert validate(slow) == []


def test_tries_of_a_loop_are_counted_across_its_rounds():
    def around(days):
        return steps(
            first=guard("tries"), tries=retry(days, to="first", stop="over"), over=END,
        )  # fmt: skip

    assert codes(validate(around(1))) == [("card_network_limit", "error", "tries")]
    assert validate(around(3)) == []


def test_messages_above_the_cap_are_told():
    often = steps(first=message("second"), second=message("over"), over=END)
    assert codes(validate(often)) == [("message_cap", "warning", "first")]


@pytest.mark.parametrize(
    ("arms", "code"),
    [
        ([("a", 50, False), ("b", 40, False)], "shares"),
        ([("a", 50, False), ("a", 50, False)], "arm_names"),
        ([("a", 40, False), ("b", 60, True)], "holdout"),
    ],
)
def test_splits_are_whole(arms, code):
    split = {
        "kind": "split", "experiment": "e",
        "arms": [{"name": n, "share": s, "holdout": h, "next": "over"} for n, s, h in arms],
    }  # fmt: skip
    assert codes(validate(steps(first=split, over=END))) == [(code, "error", "first")]


def test_texts_need_consent_and_some_hours_stay_open():
    assert codes(validate(steps(first=message("over", channel="sms"), over=END))) == [
        ("consent", "error", "first")
    ]
    mute = flow(quiet_hours={"start_hour": 8, "end_hour": 7})
    assert codes(validate(mute)) == [("quiet_hours", "error", "")]


def test_nothing_is_tried_where_nothing_is_owed():
    early = steps(causes=("card_expiring",), first=guard("tries"), tries=retry(1), over=END)
    assert ("nothing_to_retry", "error", "tries") in codes(validate(early))


LIBRARY = sorted((Path(__file__).parents[3] / "recovery" / "library").glob("*.json"))


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.stem)
def test_every_flow_of_the_library_can_be_published_as_it_is(file):
    flow = flow_of(json.loads(file.read_text()))
    assert [found for found in validate(flow) if found.severity == "error"] == []
    assert flow.layout == {}  # the builder lays out what nobody has moved


def test_the_default_document_is_what_the_tests_think():
    assert set(document()["steps"]) == {"kind", "tries", "write", "over"}
