"""Are accounts connected only with credentials that the provider takes, and forgotten on demand?"""

import httpx
import pytest

from core.connections import ConnectionStore
from core.secrets import SecretBox


@pytest.fixture(scope="module")
def url(serve, engines, stripe_sandbox):
    return serve(engines.model_copy(update={"stripe_api_url": stripe_sandbox.url}))


@pytest.fixture
def ask(url, workspace):
    def send(method, path="", body=None, *, of=workspace, **headers):
        return httpx.request(
            method, f"{url}/v1/connections{path}", json=body, headers=of.headers() | headers,
            timeout=20,
        )  # fmt: skip

    return send


def stored(workspace, connection_id):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    return ConnectionStore(workspace.database, box).get(workspace.tenant, connection_id)


def request_of(key, **more):
    return {"provider": "stripe", "credentials": {"api_key": key}} | more


def test_an_account_is_connected_renamed_and_deleted(ask, workspace, stripe_sandbox):
    key = stripe_sandbox.keys[0]
    made = ask("POST", body=request_of(key))
    assert made.status_code == 201
    connection = made.json()
    assert (connection["provider"], connection["status"]) == ("stripe", "active")
    assert connection["provider_account_id"].startswith("acct_")
    assert key not in made.text
    kept = stored(workspace, connection["id"])
    assert (kept.credentials, kept.api_url) == ({"api_key": key}, stripe_sandbox.url)
    path = f"/{connection['id']}"
    assert ask("PATCH", path, {"name": "EU"}).json()["name"] == "EU"
    assert ask("GET", path).json()["name"] == "EU"
    assert [found["id"] for found in ask("GET").json()["data"]] == [connection["id"]]
    first, second = (ask("DELETE", path) for _ in range(2))
    assert first.json() == second.json()
    assert (first.status_code, first.json()["status"]) == (200, "revoked")
    assert stored(workspace, connection["id"]).credentials == {}
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions == ["connection.revoked", "connection.renamed", "connection.created"]
    assert key not in workspace.get("/v1/audit_log").text


def test_connecting_again_keeps_the_connection(ask, stripe_sandbox):
    body = request_of(stripe_sandbox.keys[0], name="Ours")
    first, second = ask("POST", body=body).json(), ask("POST", body=body).json()
    assert first["id"] == second["id"]
    repeated = [ask("POST", body=body, **{"Idempotency-Key": "c-1"}).text for _ in range(2)]
    assert repeated[0] == repeated[1]


def test_a_key_that_stripe_refuses_is_not_kept(ask):
    answer = ask("POST", body=request_of("sk_test_" + "wrong" * 4))
    assert (answer.status_code, answer.json()["code"]) == (422, "credentials_refused")
    assert "wrongwrong" not in answer.text
    assert ask("GET").json()["data"] == []


def test_a_silent_stripe_is_a_problem(serve, engines, workspace):
    down = serve(engines.model_copy(update={"stripe_api_url": "http://127.0.0.1:1"}))
    answer = httpx.post(
        f"{down}/v1/connections", json=request_of("sk_test_12345678"), headers=workspace.headers()
    )
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_error")


def test_reconnecting_takes_the_same_account_only(ask, stripe_sandbox):
    first, other = stripe_sandbox.keys[:2]
    connection = ask("POST", body=request_of(first)).json()
    path = f"/{connection['id']}/reconnect"
    ask("DELETE", f"/{connection['id']}")
    wrong = ask("POST", path, {"credentials": {"api_key": other}})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_account")
    right = ask("POST", path, {"credentials": {"api_key": first}})
    assert (right.status_code, right.json()["status"]) == (200, "active")
    assert right.json()["id"] == connection["id"]


def test_an_erased_connection_is_not_read_into_again(ask, stripe_sandbox):
    body = request_of(stripe_sandbox.keys[0])
    gone = ask("POST", body=body).json()["id"]
    assert ask("DELETE", f"/{gone}?erase=true").json()["data"] == "erasing"
    refused = ask("POST", f"/{gone}/reconnect", {"credentials": body["credentials"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_erased")
    again = ask("POST", body=body).json()
    assert again["id"] != gone
    assert again["data"] == "kept"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"provider": "stripe"}, {"provider": "plaid", "credentials": {"api_key": "x" * 9}},
        {"provider": "stripe", "credentials": {"api_key": "a b" * 5}},
        {"provider": "stripe", "credentials": {"api_key": "sk_test_1\r\nX-Y: 1"}},
        {"provider": "stripe", "credentials": {"api_key": "x" * 9}, "api_url": "http://10.0.0.1"},
        {"provider": "stripe", "credentials": {"api_key": "sk_test_1", "more": "x"}},
        {"provider": "stripe", "credentials": {}}, {"provider": "stripe", "public_token": "x"},
        {"provider": "stripe", "credentials": {"api_key": "sk_test_1"}, "code": "x"},
        {"provider": "nobody", "credentials": {"api_key": "sk_test_1"}},
    ],
)  # fmt: skip
def test_a_senseless_connection_is_a_problem(ask, body):
    answer = ask("POST", body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_another_workspaces_connection_does_not_exist(ask, new_workspace, stripe_sandbox):
    other = new_workspace()
    connection = ask("POST", body=request_of(stripe_sandbox.keys[0]), of=other).json()
    path = f"/{connection['id']}"
    answers = [
        ask("GET", path), ask("PATCH", path, {"name": "mine"}), ask("DELETE", path),
        ask("POST", f"{path}/reconnect", {"credentials": {"api_key": stripe_sandbox.keys[0]}}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [404] * 4
    assert ask("GET").json()["data"] == []
    assert ask("GET", path, of=other).json() == connection


def test_connections_are_listed_by_provider_and_state_page_by_page(ask, workspace, stripe_sandbox):
    for key in stripe_sandbox.keys[:2]:
        ask("POST", body=request_of(key))
    first = ask("GET", "?limit=1").json()
    assert first["has_more"]
    second = ask("GET", f"?limit=1&cursor={first['next_cursor']}").json()
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    both = ask("GET", "?provider=stripe").json()["data"]
    assert [found["id"] for found in both] == [
        page["data"][0]["id"] for page in (first, second)
    ]  # fmt: skip
    ask("DELETE", f"/{both[0]['id']}")
    for status, expected in (("active", both[1]["id"]), ("revoked", both[0]["id"])):
        assert [found["id"] for found in ask("GET", f"?status={status}").json()["data"]] == [
            expected
        ]
    assert ask("GET", "?provider=plaid").json()["data"] == []
    assert ask("GET", "?status=gone").status_code == 422


def test_reading_a_connection_does_not_wait_for_one_who_changes_it(ask, workspace, stripe_sandbox):
    connection = ask("POST", body=request_of(stripe_sandbox.keys[0])).json()
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("select 1 from connections where id = %s for update", [connection["id"]])
        assert ask("GET", f"/{connection['id']}").json() == connection
