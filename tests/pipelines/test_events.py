"""Guards the final state: whatever the order, paging and repetition of events, the truth wins."""

import asyncio
import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batches import Sink
from pipelines.stripe.client import API_VERSION
from pipelines.stripe.handlers import EventPages
from pipelines.stripe.listing import Listing
from pipelines.stripe.objects import LISTS
from pipelines.stripe.windows import Span
from tests.pipelines.fake_stripe import FakeClient, FakeStripe, landed, landing, newest

START = 1_790_000_000
EVENTS = next(endpoint for endpoint in LISTS if endpoint.object == "event")


def event(
    number: int, created: int, kind: str, body: dict, version: str | None = API_VERSION
) -> dict:
    return {
        "id": f"evt_{number:05d}", "object": "event", "created": created, "type": kind,
        "api_version": version, "data": {"object": body},
    }  # fmt: skip


def customer(number: int, **fields) -> dict:
    return {"id": f"cus_{number}", "object": "customer", **fields}


async def apply(
    stripe: FakeStripe, known: frozenset = frozenset(), **options
) -> dict[str, list[dict]]:
    sink, client = Sink(), FakeClient(stripe)
    handler = EventPages(client, landing(sink, "poll"), dict.__setitem__, known=known, **options)
    await Listing(client, EVENTS, [Span(0, 0).stored()], handler).read(lambda: False)
    return await landed(sink)


def applied(events: list[dict], single: dict | None = None, **options) -> tuple[dict, FakeStripe]:
    stripe = FakeStripe({"/v1/events": events}, single or {})
    return asyncio.run(apply(stripe, **options)), stripe


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(0, 3), st.sampled_from(["updated", "updated", "deleted"])
    ),
    max_size=350,
)


@settings(deadline=None, max_examples=60)
@given(STEPS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_true_final_state(steps, chance: random.Random):
    """Six customers change, several times a second at most, and some are removed for good."""
    now, events, truth = START, [], {}
    for number, (who, seconds, kind) in enumerate(steps):
        if truth.get(who) == "removed":
            continue
        now += seconds
        body = customer(who, visits=number)
        truth[who] = "removed" if kind == "deleted" else body
        events.append(event(number, now, f"customer.{kind}", body))
    single = {f"/v1/customers/cus_{who}": body for who, body in truth.items() if body != "removed"}
    chance.shuffle(events)  # Stripe orders by second only
    rows, _ = applied(events, single)
    again, _ = applied(events, single)
    everything = rows.get("customer", []) + again.get("customer", [])
    chance.shuffle(everything)
    state = newest(everything)
    assert {k: v["is_deleted"] for k, v in state.items()} == {
        f"cus_{who}": int(body == "removed") for who, body in truth.items()
    }
    assert {k: json.loads(v["payload"]) for k, v in state.items() if not v["is_deleted"]} == {
        f"cus_{who}": body for who, body in truth.items() if body != "removed"
    }
    assert sorted(row["id"] for row in rows.get("event", [])) == sorted(e["id"] for e in events)


def test_an_event_in_our_shape_needs_no_request():
    rows, stripe = applied([event(1, START, "customer.updated", customer(1, visits=7))])
    assert [path for path, _ in stripe.requests] == ["/v1/events"] * 2
    assert [(r["id"], r["version"], r["origin"]) for r in rows["customer"]] == [
        ("cus_1", START * 1_000_000, "poll")
    ]


def test_an_event_of_a_later_month_of_our_release_is_in_our_shape():
    rows, stripe = applied([event(1, START, "customer.updated", customer(1), "2025-06-30.basil")])
    assert len(rows["customer"]) == 1
    assert len(stripe.requests) == 2


def test_an_object_in_another_shape_is_asked_for_and_the_answer_outranks_the_event():
    old = event(1, START, "customer.updated", customer(1, shape="old"), "2020-08-27")
    rows, _ = applied([old], {"/v1/customers/cus_1": customer(1, shape="ours")})
    (row,) = rows["customer"]
    assert json.loads(row["payload"]) == customer(1, shape="ours")
    assert row["version"] == FakeStripe().held_at > START * 1_000_000


def test_an_object_is_asked_for_once_per_page_however_many_events_it_has():
    events = [event(n, START + n, "customer.updated", customer(1), "2020-08-27") for n in range(50)]
    _, stripe = applied(events, {"/v1/customers/cus_1": customer(1)})
    assert [path for path, _ in stripe.requests].count("/v1/customers/cus_1") == 1


def test_the_answer_outranks_a_tied_second_even_when_clocks_disagree():
    events = [event(n, START, "customer.updated", customer(1, visits=n)) for n in (1, 2)]
    stripe = FakeStripe({"/v1/events": events}, {"/v1/customers/cus_1": customer(1, visits=3)})
    stripe.held_at = 5  # Stripe's clock, as if hours behind its own events
    (row,) = asyncio.run(apply(stripe))["customer"]
    assert row["version"] == START * 1_000_000 + 999_998  # before a removal and the next second
    assert json.loads(row["payload"])["visits"] == 3


def test_a_removal_outranks_an_answer_of_its_own_second():
    """Two changes in a second are asked for; the object is removed before that second ends."""
    changes = [event(n, START, "customer.updated", customer(1, visits=n)) for n in (1, 2)]
    stripe = FakeStripe({"/v1/events": changes}, {"/v1/customers/cus_1": customer(1, visits=2)})
    stripe.held_at = (START - 1) * 1_000_000 - 1
    answered = asyncio.run(apply(stripe))["customer"]
    stripe.lists["/v1/events"] = [event(3, START, "customer.deleted", customer(1)), *changes]
    removed = asyncio.run(apply(stripe, known=frozenset(e["id"] for e in changes)))["customer"]
    assert [row["is_deleted"] for row in answered + removed] == [0, 1]
    assert newest([*removed, *answered])["cus_1"]["is_deleted"] == 1


def test_a_twin_on_the_next_page_makes_a_tie():
    """100 events a page: the 100th and 101st share a second and a customer."""
    events = [
        event(n, START + 200 - n, "product.updated", {"id": f"p{n}", "object": "product"})
        for n in range(99)
    ]
    twins = [event(n, START, "customer.updated", customer(1, visits=n)) for n in (201, 202)]
    rows, _ = applied(events + twins, {"/v1/customers/cus_1": customer(1, visits=9)})
    assert json.loads(newest(rows["customer"])["cus_1"]["payload"])["visits"] == 9


def test_a_canceled_subscription_is_not_removed():
    body = {"id": "sub_1", "object": "subscription", "status": "canceled"}
    rows, _ = applied([event(1, START, "customer.subscription.deleted", body)])
    assert [r["is_deleted"] for r in rows["subscription"]] == [0]


def test_unknown_types_previews_and_shapeless_objects_are_kept_as_events():
    events = [
        event(1, START, "planet.discovered", {"id": "pl_1", "object": "planet"}),
        event(2, START + 1, "invoice.upcoming", {"object": "invoice", "total": 5}),
        {"id": "evt_3", "object": "event", "created": START + 2, "type": "v2.thin"},
    ]
    rows, _ = applied(events)
    assert set(rows) == {"event"}
    assert {r["id"]: json.loads(r["payload"]) for r in rows["event"]} == {
        e["id"]: e for e in events
    }


def test_a_backfill_takes_only_removals_from_events():
    events = [
        event(1, START, "customer.updated", customer(1)),
        event(2, START + 1, "customer.deleted", customer(2)),
    ]
    rows, _ = applied(events, only_removals=True)
    assert [(r["id"], r["is_deleted"]) for r in rows["customer"]] == [("cus_2", 1)]
    assert len(rows["event"]) == 2


def test_events_applied_before_show_ties_and_are_not_applied_again():
    events = [event(n, START, "customer.updated", customer(1, visits=n)) for n in (1, 2)]
    rows, _ = applied(
        events, {"/v1/customers/cus_1": customer(1, visits=2)}, known=frozenset({"evt_00001"})
    )
    assert json.loads(rows["customer"][0]["payload"])["visits"] == 2
    assert [r["id"] for r in rows["event"]] == ["evt_00002"]
    both = frozenset({"evt_00001", "evt_00002"})
    assert applied(events, known=both)[0] == {}


def test_a_balance_that_came_to_nothing_is_asked_for_its_movements():
    """What ended it by hand stands in no invoice, and the customer does not show it any more."""
    path = "/v1/customers/cus_1/balance_transactions"
    gone = event(1, START, "customer.updated", customer(1, balance=0, name="A"))
    gone["data"]["previous_attributes"] = {"balance": -500}
    renamed = event(2, START + 5, "customer.updated", customer(1, balance=0, name="B"))
    renamed["data"]["previous_attributes"] = {"name": "A"}
    moved = {"id": "cbtxn_1", "object": "customer_balance_transaction", "amount": 500}

    def told(events: list[dict]) -> list[str]:
        stripe = FakeStripe({"/v1/events": events, path: [moved]})
        rows = asyncio.run(apply(stripe))
        return [row["id"] for row in rows.get("customer_balance_transaction", [])]

    assert told([gone]) == told([gone, renamed]) == ["cbtxn_1"]
    assert told([renamed]) == []
