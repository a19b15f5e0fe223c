"""Is a request that was asked before answered as the application would, and refused as it would?"""

import socket
import time

import httpx
import pytest
from pydantic import SecretStr

from serving.auth.permissions import Permission

PATH = "/v1/transactions"


def limit(workspace, per_minute):
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update workspaces set requests_per_minute = %s", [per_minute])


def told(answer):
    """Return an answer without what each has of its own."""
    own = {"x-request-id", "ratelimit", "date"}
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return headers, answer.content


@pytest.fixture
def asked(workspace):
    """A workspace that has asked before: its answer is at hand."""
    workspace.holds({"id": "a"}, {"id": "b"})
    for _ in range(2):
        assert workspace.get(PATH).status_code == 200
    return workspace


def test_the_answer_is_the_applications(asked):
    """Independent path: an addition to the query that means nothing takes the long way."""
    at_hand, long_way = asked.get(PATH), asked.get(PATH, limit=100)
    assert told(at_hand) == told(long_way)
    headers = asked.headers() | {"If-None-Match": at_hand.headers["ETag"]}
    not_modified = asked.api.get(PATH, headers=headers)
    assert (not_modified.status_code, not_modified.content) == (304, b"")
    assert not_modified.headers["X-Data-As-Of"] == at_hand.headers["X-Data-As-Of"]


def test_it_is_said_to_be_cached(asked, caplog):
    caplog.set_level("INFO", logger="serving")
    request_id = asked.get(PATH).headers["X-Request-Id"]

    def lines():  # of this request: another's line may come late
        texts = [record.getMessage() for record in caplog.records if record.name == "serving"]
        return [text for text in texts if "'event': 'request'" in text and request_id in text]

    deadline = time.monotonic() + 10
    while not lines():  # it is written when the answer has gone
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (line,) = lines()
    assert "'cached': True" in line
    assert f"'workspace_id': '{asked.tenant}'" in line


def test_a_revoked_key_ends_within_a_second(asked):
    key = asked.issue()
    assert [asked.get(PATH, key=key).status_code for _ in range(3)] == [200, 200, 200]
    key_id = asked.get("/v1/whoami", key=key).json()["key_id"]
    revoked = asked.api.delete(f"/v1/api_keys/{key_id}", headers=asked.headers())
    assert revoked.status_code in (200, 204)
    deadline = time.monotonic() + 1
    begun = time.monotonic()
    while asked.get(PATH, key=key).status_code != 401:
        assert begun < deadline  # what was asked in time may be answered late
        begun = time.monotonic()
    assert asked.get(PATH, key=key).json()["code"] == "invalid_api_key"
    assert asked.get(PATH).status_code == 200


def test_a_changed_limit_holds_within_a_second_and_refuses_here_too(asked):
    limit(asked, 8)
    time.sleep(1)
    answers = [asked.get(PATH) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {200, 429}
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"] == f'"key-read";r=0;t={refused.headers["Retry-After"]}'


def test_each_request_is_counted_once(asked):
    for _ in range(5):
        asked.get(PATH)
        asked.get(PATH, limit=3)
    rows = asked.get("/v1/usage").json()["data"]
    assert [(row["route_class"], row["requests"]) for row in rows] == [("read", 2 + 10 + 1)]
    left = [asked.get(PATH).headers["RateLimit"] for _ in "abc"]
    left = [int(text.split("r=")[1].split(";")[0]) for text in left]
    assert left[0] - 2 == left[1] - 1 == left[2]


def test_nothing_is_known_by_less_than_all_of_it(asked, new_workspace):
    other = new_workspace()
    other.holds({"id": "foreign"})
    narrow = asked.issue(scopes=[Permission.ACCOUNTS_READ])
    for headers, status in (
        ({"X-Workspace-Id": str(asked.tenant)}, 401),
        ({"Authorization": f"Bearer {asked.key}"}, 401),
        (asked.headers() | {"X-Workspace-Id": str(other.tenant)}, 401),
        (other.headers() | {"X-Workspace-Id": str(asked.tenant)}, 401),
        (asked.headers(narrow), 403),
        (asked.headers(asked.key[:-1]), 401),
    ):
        for _ in range(3):
            assert asked.api.get(PATH, headers=headers).status_code == status, headers
    assert [row["id"] for row in other.get(PATH).json()["data"]] == ["foreign"]


def test_a_body_is_read(asked):
    for _ in range(2):
        found = asked.api.request("GET", PATH, json={"search": "zz"}, headers=asked.headers())
        assert found.json()["data"] == []


def test_a_caller_that_leaves_takes_no_answer_from_others(asked):
    """Several wait for one question; those who hang up before it is answered are not the last."""
    address = asked.api.base_url
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers().items())
    for _ in range(10):
        with socket.create_connection((address.host, address.port), timeout=10) as leaving:
            leaving.sendall(f"GET {PATH} HTTP/1.1\r\nHost: api\r\n{head}\r\n".encode())
    assert asked.get(PATH).status_code == 200


def test_without_clickhouse_it_is_a_problem(serve, engines, workspace, closed_port):
    down = engines.model_copy(
        update={"clickhouse_url": SecretStr(f"http://default@127.0.0.1:{closed_port}")}
    )
    url = serve(down)
    answer = httpx.get(f"{url}{PATH}", headers=workspace.headers(), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")


@pytest.fixture
def closed_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
