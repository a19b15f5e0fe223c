"""Does every walk over a list reach each object once, whatever its pages and direction?"""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.process import RunningSandbox

LISTS = (
    "/v1/charges",
    "/v1/customers",
    "/v1/events",
    "/v1/balance_transactions",
    "/v1/payouts",
    "/v1/plans",
    "/v1/invoices",
)


@pytest.fixture(scope="module")
def client(stripe_sandbox: RunningSandbox):
    with httpx.Client(
        base_url=stripe_sandbox.url, headers={"authorization": f"Bearer {stripe_sandbox.api_key}"}
    ) as found:
        yield found


@pytest.fixture(scope="module")
def whole(client: httpx.Client) -> dict[str, list[tuple[str, int]]]:
    """Every list by pages of one hundred: (id, created), newest first."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path in LISTS:
        params: dict[str, Any] = {"limit": 100}
        rows: list[tuple[str, int]] = []
        while True:
            page = client.get(path, params=params).json()
            rows += [(item["id"], item["created"]) for item in page["data"]]
            if not page["has_more"]:
                break
            params["starting_after"] = rows[-1][0]
        found[path] = rows
    return found


def test_lists_are_newest_first_without_repeats(whole) -> None:
    for path, rows in whole.items():
        assert [created for _, created in rows] == sorted(
            (created for _, created in rows), reverse=True
        ), path
        assert len({identity for identity, _ in rows}) == len(rows) > 50, path


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(LISTS),
    sizes=st.lists(st.integers(7, 100), min_size=1, max_size=5),
    forward=st.booleans(),
    data=st.data(),
)
def test_any_walk_reaches_each_object_of_a_window_exactly_once(
    client, whole, path, sizes, forward, data
) -> None:
    rows = whole[path]
    first, second = sorted(
        (data.draw(st.sampled_from(rows))[1], data.draw(st.sampled_from(rows))[1])
    )
    window = {"created[gte]": first, "created[lt]": second + 1}
    expected = [identity for identity, created in rows if first <= created <= second]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    if not forward and expected:
        # Walking backwards begins before the oldest one.
        cursor, seen = {"ending_before": expected[-1]}, [expected[-1]]
    for step in range(2_000):
        size = sizes[step % len(sizes)]
        page = client.get(path, params={"limit": size, **window, **cursor}).json()
        ids = [item["id"] for item in page["data"]]
        assert len(ids) == size if page["has_more"] else len(ids) <= size
        seen = seen + ids if forward else ids + seen
        if not page["has_more"]:
            break
        cursor = {"starting_after": ids[-1]} if forward else {"ending_before": ids[0]}
    assert seen == expected


def test_a_filter_gives_the_same_as_filtering_oneself(client) -> None:
    charges = client.get("/v1/charges", params={"limit": 100}).json()["data"]
    customer = charges[0]["customer"]
    mine = client.get("/v1/charges", params={"limit": 100, "customer": customer}).json()["data"]
    assert [charge["id"] for charge in charges if charge["customer"] == customer] == [
        charge["id"] for charge in mine
    ][: len(charges)][: sum(charge["customer"] == customer for charge in charges)]
    assert {charge["customer"] for charge in mine} == {customer}
    paid = client.get("/v1/events", params={"limit": 100, "type": "invoice.paid"}).json()["data"]
    both = client.get(
        "/v1/events", params={"limit": 100, "types[]": ["invoice.paid", "charge.failed"]}
    ).json()["data"]
    assert {event["type"] for event in paid} == {"invoice.paid"}
    assert {event["type"] for event in both} == {"invoice.paid", "charge.failed"}
    assert [event["id"] for event in both if event["type"] == "invoice.paid"] == [
        event["id"] for event in paid
    ][: len(both)]
