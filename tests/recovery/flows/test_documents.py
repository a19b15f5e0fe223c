"""A document is read exactly, says what is wrong where it cannot be, and has a true schema."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from recovery.flows.conditions import Comparison, faults, holds, may_hold
from recovery.flows.document import Flow, document_of, flow_of, flow_schema
from recovery.flows.facts import DECLINE_CLASSES
from recovery.known.vocabulary import every_fact, kind_of
from tests.recovery.flow_documents import document, flow


def condition(value):
    return flow(trigger={"causes": ["renewal"], "when": value}).trigger.when


def test_a_document_read_and_written_is_the_same_flow():
    whole = document(
        trigger={
            "causes": ["renewal"],
            "when": {"not": {"any": [{"fact": "plans", "op": "contains", "value": "pro"}]}},
        },
        layout={"kind": {"x": 10, "y": -20}},
    )
    written = document_of(flow_of(whole))
    assert flow_of(written) == flow_of(whole)
    assert written["trigger"]["when"] == whole["trigger"]["when"]
    assert written["layout"] == {"kind": {"x": 10, "y": -20}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": {}}, "steps"),
        ({"start": "Not A Name"}, "start"),
        ({"surprise": 1}, "surprise"),
        ({"steps": {"kind": {"kind": "dance", "next": "x"}}}, "steps.kind"),
        ({"trigger": {"causes": ["bad weather"]}}, "trigger.causes.0"),
        ({"trigger": {"causes": []}}, "trigger.causes"),
    ],
)
def test_what_is_no_flow_is_refused_with_its_place(changes, said):
    with pytest.raises(InvalidInputError) as refused:
        flow_of(document(**changes))
    assert said in refused.value.detail


def test_the_published_schema_is_the_models_own():
    schema = flow_schema()
    assert schema["$id"] == "urn:oppulence:recovery-flow:2"
    assert set(schema["required"]) == {"name", "trigger", "start", "steps"}
    kinds = {
        name
        for name, part in schema["$defs"].items()
        if part.get("properties", {}).get("kind", {}).get("const")
        in {"wait", "await", "branch", "retry", "message", "task", "webhook", "subscription",
            "split", "end"}
    }  # fmt: skip
    assert kinds == {
        "Wait", "Await", "Branch", "Retry", "Message", "Task", "Webhook", "Subscription", "Split",
        "End",
    }  # fmt: skip


def test_the_schema_names_every_fact_and_no_other():
    named, free = flow_schema()["$defs"]["Comparison"]["properties"]["fact"]["anyOf"]
    said = {one["const"]: one["description"] for one in named["oneOf"]}
    assert said == {one.name: one.kind.says for one in every_fact()}
    assert len(named["oneOf"]) == len(said)
    assert free == {"pattern": r"^(metadata|arm|goal)\."}
    # What a contract declares can be named; what says where a row comes from cannot.
    assert "unified.subscriptions.cancellation_reason" in said
    assert not [name for name in said if name.endswith((".workspace_id", ".landed_at"))]


def test_a_document_of_before_goals_is_read_as_it_was_meant():
    written = document_of(flow())
    before = {**written, "schema_version": 1}
    del before["goals"]
    assert flow_of(before) == flow()
    assert document_of(flow_of(before)) == written
    assert (written["schema_version"], written["goals"]) == (2, [])


FACTS = {
    "amount": 4250, "currency": "EUR", "attempts": 3, "plans": ("pro", "seats"), "country": "DE",
    "has_email": True, "today": "2026-11-26", "card_expires_on": "2026-12-31",
    "books.open_receivable:EUR": 11_000, "books.is_known": True, "unified.customers.country": "IE",
    "subscription.period_ends_on": "2026-11-30", "goal.replied": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"fact": "amount", "op": "gte", "value": 4250, "currency": "EUR"}, True),
        ({"fact": "amount", "op": "gt", "value": 4250, "currency": "EUR"}, False),
        ({"fact": "amount", "op": "gte", "value": 1, "currency": "JPY"}, False),
        ({"fact": "plans", "op": "contains", "value": "pro"}, True),
        ({"fact": "country", "op": "in", "value": ["FR", "DE"]}, True),
        ({"fact": "country", "op": "not_in", "value": ["FR", "DE"]}, False),
        ({"fact": "card_brand", "op": "ne", "value": "visa"}, False),
        ({"fact": "card_brand", "op": "known", "value": False}, True),
        ({"fact": "has_email", "op": "eq", "value": True}, True),
        ({"all": [{"fact": "attempts", "op": "lt", "value": 4},
                  {"not": {"fact": "country", "op": "eq", "value": "FR"}}]}, True),
        ({"any": [{"fact": "attempts", "op": "eq", "value": 4},
                  {"fact": "metadata.tier", "op": "eq", "value": "gold"}]}, False),
        ({"fact": "books.open_receivable", "op": "gt", "value": 10_000, "currency": "EUR"}, True),
        ({"fact": "books.open_receivable", "op": "gt", "value": 1, "currency": "USD"}, False),
        ({"fact": "unified.customers.country", "op": "in", "value": ["IE", "UK"]}, True),
        ({"fact": "bank.days_since_deposit", "op": "known", "value": False}, True),
        ({"fact": "card_expires_on", "op": "lt", "value": "2027-01-01"}, True),
        ({"fact": "card_expires_on", "op": "lte", "value": "today+34"}, False),
        ({"fact": "subscription.period_ends_on", "op": "lte", "value": "today+4"}, True),
        ({"fact": "subscription.period_ends_on", "op": "gt", "value": "today"}, True),
        ({"fact": "subscription.period_ends_on", "op": "in", "value": ["today+4"]}, True),
        ({"fact": "goal.replied", "op": "eq", "value": False}, True),
    ],
)  # fmt: skip
def test_a_condition_holds_of_these_facts(value, expected):
    assert faults(condition(value), kind_of) == []
    assert holds(condition(value), FACTS) is expected


@pytest.mark.parametrize(
    "value",
    [
        {"fact": "shoe_size", "op": "eq", "value": 44},
        {"fact": "country", "op": "gt", "value": "DE"},
        {"fact": "attempts", "op": "eq", "value": "three"},
        {"fact": "amount", "op": "gt", "value": 100},
        {"fact": "attempts", "op": "gt", "value": 100, "currency": "EUR"},
        {"fact": "decline_class", "op": "eq", "value": "rude"},
        {"fact": "has_email", "op": "eq", "value": 1},
        {"fact": "country", "op": "in", "value": "DE"},
        {"fact": "books.open_receivable", "op": "gt", "value": 100},
        {"fact": "books.shoe_size", "op": "eq", "value": 44},
        {"fact": "unified.customers.workspace_id", "op": "eq", "value": "ws_other"},
        {"fact": "unified.api_keys.secret", "op": "known", "value": True},
        {"fact": "unified.customers.country", "op": "gt", "value": "DE"},
        {"fact": "card_expires_on", "op": "lt", "value": "2026-02-30"},
        {"fact": "card_expires_on", "op": "lt", "value": "tomorrow"},
    ],
)
def test_a_condition_that_means_nothing_is_found(value):
    assert len(faults(condition(value), kind_of)) == 1


def any_condition():
    comparison = st.one_of(
        st.builds(
            lambda op, value: {"fact": "decline_class", "op": op, "value": value},
            st.sampled_from(["eq", "ne"]), st.sampled_from(DECLINE_CLASSES),
        ),
        st.builds(lambda n: {"fact": "attempts", "op": "gte", "value": n}, st.integers(0, 3)),
    )  # fmt: skip
    return st.recursive(
        comparison,
        lambda inner: st.one_of(
            st.builds(lambda one: {"not": one}, inner),
            st.builds(lambda many: {"all": many}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda many: {"any": many}, st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=5,
    )


@given(any_condition(), st.sampled_from(DECLINE_CLASSES))
def test_what_holds_whatever_the_rest_is_holds_of_every_rest(value, decline_class):
    """`may_hold` agrees with `holds` over all values of the facts that it does not know."""
    read = condition(value)
    every = {
        holds(read, {"decline_class": decline_class, "attempts": number}) for number in range(5)
    } | {holds(read, {"decline_class": decline_class})}
    verdict = may_hold(read, {"decline_class": decline_class})
    assert verdict is None or every == {verdict}


def test_numbers_do_not_pass_for_truth():
    assert isinstance(Flow.model_validate(document()), Flow)
    assert Comparison(fact="has_email", op="eq", value=True).value is True
    assert type(Comparison(fact="attempts", op="eq", value=1).value) is int
