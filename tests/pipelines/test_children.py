"""Guards nested lists: what is not embedded is fetched, and lands under the right id."""

import asyncio

import pytest

from pipelines.batches import Sink
from pipelines.stripe.children import ChildReader
from pipelines.stripe.errors import ListIntegrityError
from pipelines.stripe.handlers import ObjectPages
from pipelines.stripe.listing import Listing
from pipelines.stripe.objects import LISTS, children_of, selected_names
from pipelines.stripe.windows import Span
from tests.pipelines.fake_stripe import FakeClient, FakeStripe, landed, landing

START = 1_790_000_000


def read(stripe: FakeStripe, name: str, names: frozenset[str] | None = None) -> tuple[dict, dict]:
    names = names or selected_names(None)

    async def run() -> tuple[dict, dict]:
        sink, client, skipped = Sink(), FakeClient(stripe), {}
        endpoint = next(e for e in LISTS if e.object == name)
        children = ChildReader(client, children_of(name, names), skipped.__setitem__)
        handler = ObjectPages(endpoint, landing(sink, names=names), children)
        await Listing(client, endpoint, [Span(0, 0).stored()], handler).read(lambda: False)
        return await landed(sink), skipped

    return asyncio.run(run())


def invoice(number: int, lines: list[dict], *, has_more: bool) -> dict:
    return {"id": f"in_{number}", "object": "invoice", "created": START + number,
            "lines": {"object": "list", "data": lines, "has_more": has_more}}  # fmt: skip


def lines(count: int) -> list[dict]:
    return [{"id": f"il_{n:03d}", "object": "line_item"} for n in range(count)]


def test_lines_past_the_embedded_ones_are_fetched_however_many_pages_they_fill():
    stripe = FakeStripe({
        "/v1/invoices": [
            invoice(1, lines(10), has_more=True), invoice(2, lines(3), has_more=False),
        ],
        "/v1/invoices/in_1/lines": lines(235),
    })  # fmt: skip
    rows, _ = read(stripe, "invoice")
    assert [row["id"] for row in rows["line_item"]] == [f"il_{n:03d}" for n in range(10, 235)]
    asked = [query for path, query in stripe.requests if path.endswith("/lines")]
    assert [query["starting_after"] for query in asked] == ["il_009", "il_109", "il_209", "il_234"]
    assert "/v1/invoices/in_2/lines" not in [path for path, _ in stripe.requests]


def test_a_parent_that_is_named_by_a_parameter():
    stripe = FakeStripe({
        "/v1/subscriptions": [{"id": "sub_1", "object": "subscription", "created": START,
                               "items": {"data": [{"id": "si_1"}], "has_more": True}}],
        "/v1/subscription_items": [
            {"id": "si_1", "object": "subscription_item"},
            {"id": "si_2", "object": "subscription_item"},
        ],
    })  # fmt: skip
    rows, _ = read(stripe, "subscription")
    assert [row["id"] for row in rows["subscription_item"]] == ["si_2"]
    asked = [query for path, query in stripe.requests if path == "/v1/subscription_items"]
    assert {query["subscription"] for query in asked} == {"sub_1"}
    assert stripe.requests[0][1]["status"] == "all"


def test_a_list_without_the_parents_name_is_keyed_by_the_parent():
    note = {"id": "cn_1", "object": "credit_note", "lines": {"data": [], "has_more": True}}
    item = {"id": "cnli_1", "object": "credit_note_line_item"}
    rows, _ = read(
        FakeStripe({"/v1/credit_notes": [note], "/v1/credit_notes/cn_1/lines": [item]}),
        "credit_note",
    )
    assert [row["id"] for row in rows["credit_note_line_item"]] == ["cn_1/cnli_1"]


def test_setup_intents_without_an_attempt_are_not_walked():
    intents = [{"id": f"seti_{n}", "object": "setup_intent", "created": START + n,
                "latest_attempt": "setatt_1" if n == 1 else None} for n in range(3)]  # fmt: skip
    attempts = [{"id": "setatt_1", "object": "setup_attempt", "created": START}]
    stripe = FakeStripe({"/v1/setup_intents": intents, "/v1/setup_attempts": attempts})
    rows, _ = read(stripe, "setup_intent")
    assert [row["id"] for row in rows["setup_attempt"]] == ["setatt_1"]
    walked = {q["setup_intent"] for p, q in stripe.requests if p == "/v1/setup_attempts"}
    assert walked == {"seti_1"}


def test_a_nested_list_that_the_key_may_not_read_is_skipped_and_the_parents_land():
    stripe = FakeStripe({"/v1/invoices": [invoice(n, lines(10), has_more=True) for n in range(3)]})
    rows, skipped = read(stripe, "invoice")
    assert len(rows["invoice"]) == 3
    assert skipped == {"line_item": "Unrecognized request URL"}


def test_a_nested_list_that_repeats_its_embedded_page_fails_the_parents_page():
    stripe = FakeStripe(
        {
            "/v1/invoices": [invoice(1, lines(10), has_more=True)],
            "/v1/invoices/in_1/lines": lines(12),
        },
        tamper=lambda path, _, page: {**page, "data": lines(12)[9:]} if "lines" in path else page,
    )
    with pytest.raises(ListIntegrityError):
        read(stripe, "invoice")


def test_what_costs_a_request_per_customer_is_read_only_when_named():
    stripe = FakeStripe({
        "/v1/customers": [{"id": "cus_1", "object": "customer", "created": START}],
        "/v1/customers/cus_1/tax_ids": [{"id": "txi_1", "object": "tax_id"}],
    })  # fmt: skip
    assert set(read(stripe, "customer")[0]) == {"customer"}
    named = selected_names(["customers/{customer}/tax_ids"])
    assert set(read(stripe, "customer", named)[0]) == {"tax_id"}


def test_a_nested_list_that_says_it_ended_too_early_is_read_on():
    stripe = FakeStripe(
        {
            "/v1/invoices": [invoice(1, lines(10), has_more=True)],
            "/v1/invoices/in_1/lines": lines(235),
        },
        tamper=lambda path, _, page: {**page, "has_more": False} if "lines" in path else page,
    )
    assert len(read(stripe, "invoice")[0]["line_item"]) == 225


def holder(number: int, balance: int) -> dict:
    return {"id": f"cus_{number}", "object": "customer", "created": START, "balance": balance}


def movements(number: int) -> list[dict]:
    return [{"id": f"cbtxn_{number}", "object": "customer_balance_transaction"}]


def test_movements_of_a_balance_are_asked_of_those_who_have_one_and_of_invoices_that_began_so():
    path = "/v1/customers/cus_{}/balance_transactions"
    stripe = FakeStripe({
        "/v1/customers": [holder(1, -500), holder(2, 0), holder(3, 700)],
        "/v1/invoices": [
            invoice(n, [], has_more=False) | {"customer": f"cus_{who}", "starting_balance": start}
            for n, (who, start) in enumerate([(4, -200), (4, -100), (5, 0)])
        ],
        **{path.format(n): movements(n) for n in range(1, 6)},
    })  # fmt: skip
    held, _ = read(stripe, "customer")
    billed, _ = read(stripe, "invoice")
    found = [{row["id"] for row in rows["customer_balance_transaction"]} for rows in (held, billed)]
    assert found == [{"cbtxn_1", "cbtxn_3"}, {"cbtxn_4"}]
    # Two invoices of one customer on a page are one list (a page, and the empty one after it).
    asked = [path for path, _ in stripe.requests if "balance_transactions" in path]
    assert sorted(asked) == sorted([path.format(n) for n in (1, 3, 4)] * 2)
