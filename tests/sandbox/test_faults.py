"""Does the sandbox misbehave exactly as it is told?

Limits, errors, timeouts, cut connections, spoiled lists, the clock.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import httpx
import pytest

from sandbox.process import RunningSandbox

Answered = TypeVar("Answered")


@pytest.fixture
def client(live_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=live_sandbox.url, auth=(live_sandbox.api_key, ""), timeout=60
    ) as found:
        found.delete("/_sandbox/faults")
        yield found
        found.delete("/_sandbox/faults")
        found.post("/_sandbox/limits", json={"per_second": None})


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()["data"]]


def test_the_next_requests_are_limited_and_told_when_to_come_back(client: httpx.Client) -> None:
    client.post(
        "/_sandbox/faults",
        json={"kind": "rate_limit", "path": "^/v1/charges", "next": 2, "retry_after": 3},
    )
    assert client.get("/v1/customers").status_code == 200
    for _ in range(2):
        refused = client.get("/v1/charges")
        assert (
            refused.status_code,
            refused.headers["retry-after"],
            refused.json()["error"]["code"],
        ) == (429, "3", "rate_limit")
    assert client.get("/v1/charges").status_code == 200
    assert client.get("/_sandbox/faults").json()[0]["hits"] == 2


def within_a_second(ask: Callable[[], Answered]) -> Answered:
    """Return what is answered within one second, which a busy machine may not do at once."""
    while True:
        begun = time.monotonic()
        answered = ask()
        if time.monotonic() - begun < 1.0:
            return answered
        time.sleep(1.1)  # nothing of it counts any more


def test_a_rate_limit_is_counted_per_second_and_the_counters_show_the_peak(
    client: httpx.Client,
) -> None:
    def ask() -> list[int]:
        client.delete("/_sandbox/requests")
        return [client.get("/v1/charges", params={"limit": 1}).status_code for _ in range(12)]

    client.post("/_sandbox/limits", json={"per_second": 5})
    statuses = within_a_second(ask)
    assert statuses[:5] == [200] * 5
    assert set(statuses[5:]) == {429}
    report = client.get("/_sandbox/requests").json()
    assert (report["total"], report["by_path"], report["by_status"]) == (
        12,
        {"GET /v1/charges": 12},
        {"200": 5, "429": 7},
    )
    assert 6 <= report["peak_per_second"] <= 12


def test_restricted_keys_are_limited_and_counted_each_by_itself(client: httpx.Client) -> None:
    def ask() -> dict[str, list[int]]:
        client.delete("/_sandbox/requests")
        return {
            name: [
                client.get("/v1/charges", auth=(f"rk_test_northwind_1_{name}", "")).status_code
                for _ in range(number)
            ]
            for name, number in (("one", 3), ("two", 1))
        }

    client.post("/_sandbox/limits", json={"per_second": 2})
    statuses = within_a_second(ask)
    assert statuses == {"one": [200, 200, 429], "two": [200]}
    assert client.get("/v1/charges", auth=("rk_test_northwind_9_one", "")).status_code == 401
    counted = client.get("/_sandbox/requests").json()["providers"]["stripe"]
    assert counted["total"] == 5
    seen = {
        name: (meter["by_status"], meter["peak_per_second"])
        for name, meter in counted["by_credential"].items()
    }
    assert seen == {
        "rk_test_northwind_1_one": ({"200": 2, "429": 1}, 3),
        "rk_test_northwind_1_two": ({"200": 1}, 1),
        "rk_test_northwind_9_one": ({"401": 1}, 1),
    }


def test_an_error_is_stripes_and_a_cut_answer_is_half_a_body(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"kind": "error", "next": 1})
    broken = client.get("/v1/charges")
    assert (broken.status_code, broken.json()["error"]["type"]) == (500, "api_error")
    client.post("/_sandbox/faults", json={"kind": "cut", "next": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/charges")
    assert client.get("/v1/charges").status_code == 200


def test_a_timeout_never_answers(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"kind": "timeout", "next": 1, "seconds": 10})
    with pytest.raises(httpx.ReadTimeout):
        client.get("/v1/charges", timeout=0.2)
    client.post("/_sandbox/faults", json={"kind": "timeout", "next": 1, "seconds": 0.1})
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/charges")


def test_lists_are_truncated_holed_shuffled_doubled_and_reversed(client: httpx.Client) -> None:
    right = ids(client.get("/v1/charges", params={"limit": 20}))

    def spoiled(kind: str) -> httpx.Response:
        client.post("/_sandbox/faults", json={"kind": kind, "next": 1})
        return client.get("/v1/charges", params={"limit": 20})

    short = spoiled("truncated_list")
    assert (ids(short), short.json()["has_more"]) == (right[:10], False)
    assert ids(spoiled("missing_items")) == [
        identity for place, identity in enumerate(right) if place % 7 != 3
    ]
    mixed = ids(spoiled("unordered_list"))
    assert mixed != right
    assert sorted(mixed) == sorted(right)
    assert ids(spoiled("duplicate_events")) == [identity for identity in right for _ in range(2)]
    assert ids(spoiled("reversed_events")) == right[::-1]
    assert ids(client.get("/v1/charges", params={"limit": 20})) == right


def test_chance_is_drawn_anew_for_each_request(client: httpx.Client) -> None:
    client.post("/_sandbox/faults", json={"kind": "error", "probability": 0.5})
    statuses = [client.get("/v1/plans", params={"limit": 1}).status_code for _ in range(60)]
    assert 10 < statuses.count(500) < 50


def test_a_fault_that_makes_no_sense_is_refused(client: httpx.Client) -> None:
    for wanted in (
        {"kind": "gremlins"},
        {"kind": "cut", "colour": "red"},
        {"kind": "cut", "path": "["},
    ):
        assert client.post("/_sandbox/faults", json=wanted).status_code == 400
    assert client.get("/_sandbox/faults").json() == []


def test_the_clock_can_be_set_and_dates_the_answers(client: httpx.Client) -> None:
    before = client.get("/_sandbox/clock").json()["now"]
    client.post("/_sandbox/clock", json={"now": "2027-03-01T12:00:00+00:00", "frozen": True})
    made = client.post("/v1/customers", data={"name": "Later"})
    assert made.headers["date"] == "Mon, 01 Mar 2027 12:00:00 GMT"
    assert made.json()["created"] == 1_803_902_400
    client.post("/_sandbox/clock", json={"advance_seconds": 90})
    assert (
        client.post("/v1/customers", data={"name": "Later still"}).json()["created"]
        == 1_803_902_490
    )
    client.post(
        "/_sandbox/clock", json={"advance_seconds": before - 1_803_902_490, "frozen": False}
    )
