"""Is a consent given elsewhere tied to who asked for it, once, and never led astray?"""

import threading
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from core.connections import ConnectionStore
from core.secrets import SecretBox
from linking.registry import FLOWS
from local.ports import free_port
from sandbox.plaid import CLIENT_ID, SECRET
from sandbox.plaid.institutions import CASCADE
from tests.serving.consent_bank import FLOW, ConsentBank

BACK = "https://app.example/connected?tab=banks"


@pytest.fixture(autouse=True)
def bank(monkeypatch):
    monkeypatch.setitem(FLOWS, "testbank", "tests.serving.consent_bank")
    FLOW.__dict__.update(ConsentBank().__dict__)
    return FLOW


@pytest.fixture
def ask(api_url, workspace):
    def send(method, path, body=None, *, of=workspace, **headers):
        return httpx.request(
            method, f"{api_url}/v1/connections{path}", json=body, timeout=20,
            headers=of.headers() | headers,
        )  # fmt: skip

    return send


def link(ask, **more):
    answer = ask("POST", "/link", {"provider": "testbank", "redirect_url": BACK} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def state_of(started):
    return parse_qs(urlsplit(started["url"]).query)["state"][0]


def come_back(api_url, state, **answer):
    """Return as a browser does: without a key."""
    return httpx.get(f"{api_url}/v1/connections/callback", params={"state": state} | answer)


def told(answer):
    assert answer.status_code == 303, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    target = urlsplit(answer.headers["location"])
    assert (target.scheme, target.netloc, target.path) == ("https", "app.example", "/connected")
    return {name: values[0] for name, values in parse_qs(target.query).items()}


def credentials(workspace, connection_id):
    box = SecretBox.from_keys(workspace.settings.required("encryption_keys"))
    return ConnectionStore(workspace.database, box).get(workspace.tenant, connection_id).credentials


def test_a_consent_by_redirect_becomes_a_connection(ask, api_url, workspace):
    started = link(ask, choice={"country": "de"}, name="Ours")
    asked = parse_qs(urlsplit(started["url"]).query)
    assert asked["back"][0].endswith("/v1/connections/callback")
    query = told(come_back(api_url, state_of(started), code="c-1"))
    assert query["tab"] == "banks"
    assert query["link_id"] == started["id"]
    shown = ask("GET", f"/{query['connection_id']}").json()
    assert (shown["provider"], shown["name"], shown["status"]) == ("testbank", "Ours", "active")
    assert shown["consent_expires_at"] == "2030-01-01T00:00:00Z"
    assert dict(credentials(workspace, shown["id"])) == {"token": "c-1|v-de"}
    actions = [entry["action"] for entry in workspace.get("/v1/audit_log").json()["data"]]
    assert actions == ["connection.created", "link.started"]


def test_a_state_works_once(ask, api_url):
    state = state_of(link(ask))
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(come_back(api_url, state, code="c")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers)[0] == 303
    assert [answer.status_code for answer in answers].count(303) == 1
    assert {answer.status_code for answer in answers} <= {303, 401, 404}
    assert come_back(api_url, state, code="c").status_code == 401


@pytest.mark.parametrize("state", ["", "x", "ws_demo.x", "{tenant}.x", "{tenant}", "ws_' or 1.x"])
def test_a_made_up_state_opens_nothing(api_url, workspace, state):
    answer = come_back(api_url, state.format(tenant=workspace.tenant), code="c")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_link_state")


def test_a_state_ends_with_its_hour_and_with_its_key(ask, api_url, workspace):
    old, orphan = state_of(link(ask)), state_of(link(ask))
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update links set expires_at = now() where used_at is null")
    assert come_back(api_url, old, code="c").status_code == 401
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update links set expires_at = now() + interval '1 hour'")
        rows.execute("update api_keys set revoked_at = now()")
    assert come_back(api_url, orphan, code="c").status_code == 401


def test_another_workspace_cannot_use_the_state(ask, api_url, workspace, new_workspace):
    other = new_workspace()
    state = state_of(link(ask)).replace(str(workspace.tenant), str(other.tenant))
    assert come_back(api_url, state, code="c").status_code == 401


def test_states_and_what_is_kept_are_not_readable_in_postgres(ask, workspace):
    started = link(ask, choice={"country": "de"})
    with workspace.database.tenant(workspace.tenant) as rows:
        stored = str(rows.execute("select * from links").fetchall())
    assert state_of(started).partition(".")[2] not in stored
    assert "v-de" not in stored
    assert "app.example" not in stored


def test_who_declines_is_told_so(ask, api_url):
    query = told(come_back(api_url, state_of(link(ask)), error="access_denied"))
    assert query["error"] == "credentials_refused"
    assert "connection_id" not in query


def test_a_provider_that_is_away_gives_the_state_back(ask, api_url, bank):
    state = state_of(link(ask))
    bank.is_away = True
    assert told(come_back(api_url, state, code="c"))["error"] == "provider_error"
    bank.is_away = False
    assert "connection_id" in told(come_back(api_url, state, code="c"))


@pytest.mark.parametrize(
    "redirect_url",
    [
        "http://app.example/", "javascript:alert(1)", "https://", "//evil.example", "https:/x",
        "https://user@evil.example/", "https://app.example/#x", "https://app.example\\@evil.example",
        "https://app.example/\r\nX: 1", "ftp://app.example/", "https://app.example:port/", "",
    ],
)  # fmt: skip
def test_a_place_that_is_no_page_is_refused(ask, redirect_url):
    answer = ask("POST", "/link", {"provider": "testbank", "redirect_url": redirect_url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_nobody_is_led_elsewhere_than_the_link_said(ask, api_url):
    answer = come_back(
        api_url, state_of(link(ask)), code="c", redirect_url="https://evil.example", next="//evil"
    )
    assert "evil" not in answer.headers["location"]


def test_a_widgets_token_becomes_a_connection(ask, workspace):
    started = link(ask, choice={"country": "de", "widget": "yes"})
    assert (started["token"], started["url"]) == (f"widget-{workspace.tenant}", None)
    body = {"provider": "testbank", "public_token": "p-1", "link_id": started["id"]}
    made = ask("POST", "", body, **{"Idempotency-Key": "widget"})
    assert (made.status_code, made.json()["name"]) == (201, "Girokonto")
    assert dict(credentials(workspace, made.json()["id"])) == {"token": "p-1|v-de"}
    again = ask("POST", "", body, **{"Idempotency-Key": "widget"})
    assert (again.text, again.headers["Idempotency-Replayed"]) == (made.text, "true")
    spent = ask("POST", "", body)
    assert (spent.status_code, spent.json()["code"]) == (404, "unknown_link")


def test_a_code_that_the_page_itself_received_becomes_a_connection(ask):
    started = link(ask)
    body = {
        "provider": "testbank", "code": "c-1", "parameters": {"account": "acc-9"},
        "link_id": started["id"],
    }  # fmt: skip
    assert ask("POST", "", body).json()["provider_account_id"] == "acc-9"
    assert ask("POST", "", body | {"link_id": None}).status_code == 422


@pytest.mark.parametrize("name", ["code", "public_token", "access_token"])
def test_a_proof_is_not_hidden_among_the_parameters(ask, name):
    body = {"provider": "testbank", "public_token": "p", "parameters": {name: "c-1"}}
    answer = ask("POST", "", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_a_bank_without_a_widget_wants_its_link(ask, bank):
    bank.has_widget = False
    for body in ({}, {"link_id": link(ask)["id"]}):
        answer = ask("POST", "", {"provider": "testbank", "public_token": "p"} | body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    for provider in ("gocardless", "enablebanking", "quickbooks", "xero", "stripe"):
        answer = ask("POST", "", {"provider": provider, "public_token": "p"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_another_provider_does_not_use_a_link_up(ask):
    body = {"code": "c-1", "link_id": link(ask)["id"]}
    answer = ask("POST", "", body | {"provider": "plaid"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_link")
    assert ask("POST", "", body | {"provider": "testbank"}).status_code == 201


def test_who_may_connect_no_more_does_not_finish_a_link(ask, api_url, workspace):
    state = state_of(link(ask))
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute("update api_keys set scopes = '{connections:read}'")
    answer = come_back(api_url, state, code="c")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_link_state")
    for role, status in (("member", 401), ("admin", 303)):
        with workspace.database.tenant(workspace.tenant) as rows:
            rows.execute(
                "insert into members (workspace_id, id, email, name, role, created_at, updated_at)"
                " values (%s, %s, %s, '', %s, now(), now())",
                [str(workspace.tenant), f"mem_{role}", f"{role}@example.com", role],
            )
            rows.execute("update links set actor_kind = 'member', actor_id = %s", [f"mem_{role}"])
        assert come_back(api_url, state, code="c").status_code == status


def test_a_consent_is_renewed_for_the_same_account_only(ask, api_url, bank):
    made = told(come_back(api_url, state_of(link(ask)), code="c-1"))["connection_id"]
    right, wrong = (link(ask, connection_id=made) for _ in range(2))
    assert bank.renewed[-1] == {"token": "c-1|v-"}
    query = told(come_back(api_url, state_of(wrong), code="c-2", account="acc-2"))
    assert query["error"] == "other_account"
    assert told(come_back(api_url, state_of(right), code="c-3"))["connection_id"] == made
    again = ask("POST", f"/{made}/reconnect", {"public_token": "p"})
    assert (again.status_code, again.json()["id"]) == (200, made)
    assert ask("POST", "/link", {
        "provider": "testbank", "redirect_url": BACK, "connection_id": "conn_none",
    }).status_code == 404  # fmt: skip


def test_deleting_ends_the_consent_at_the_provider(ask, api_url, bank):
    made = told(come_back(api_url, state_of(link(ask)), code="c-1"))["connection_id"]
    bank.is_away = True
    refused = ask("DELETE", f"/{made}")
    assert (refused.status_code, refused.json()["code"]) == (502, "provider_error")
    assert ask("GET", f"/{made}").json()["status"] == "active"
    bank.is_away = False
    assert ask("DELETE", f"/{made}").json()["status"] == "revoked"
    assert bank.revoked == [{"token": "c-1|v-"}]
    assert ask("DELETE", f"/{made}").json()["data"] == "kept"
    assert bank.revoked == [{"token": "c-1|v-"}]


def test_a_provider_that_never_answers_again_does_not_keep_a_connection(ask, api_url, bank):
    made = told(come_back(api_url, state_of(link(ask)), code="c-1"))["connection_id"]
    bank.is_away = True
    assert ask("DELETE", f"/{made}?force=true").json()["status"] == "revoked"


def test_what_the_provider_does_not_offer_is_refused(ask):
    assert ask("POST", "/link", {"provider": "stripe", "redirect_url": BACK}).status_code == 422
    unknown = {"provider": "testbank", "redirect_url": BACK, "choice": {"colour": "red"}}
    assert ask("POST", "/link", unknown).status_code == 422
    body = {"provider": "testbank", "credentials": {"api_key": "x"}}
    assert ask("POST", "", body).status_code == 422


def test_providers_say_what_they_take(workspace):
    shown = {one["provider"]: one for one in workspace.get("/v1/providers").json()["data"]}
    assert shown["stripe"] == {
        "provider": "stripe", "credential_fields": {"api_key": "a secret or restricted key"},
        "choice_fields": {}, "has_consent": False,
    }  # fmt: skip
    assert shown["testbank"]["has_consent"]


def test_plaid_is_told_the_address_of_the_connection(workspace, serve, engines, stripe_sandbox):
    """Made by a public token, made by a page, and renewed: the Item knows where to send."""
    plaid = f"{stripe_sandbox.url}/plaid"
    keys = {"plaid_client_id": CLIENT_ID, "plaid_secret": SecretStr(SECRET), "plaid_api_url": plaid}
    address = f"http://127.0.0.1:{free_port()}"
    url = serve(engines.model_copy(update={**keys, "public_url": address}))

    def send(path, body):
        answer = httpx.post(f"{url}/v1{path}", json=body, headers=workspace.headers(), timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    def asked(path, **body):
        given = {"client_id": CLIENT_ID, "secret": SECRET, **body}
        return httpx.post(f"{plaid}{path}", json=given, trust_env=False).json()

    def webhook(connection):
        return asked("/item/get", **credentials(workspace, connection))["item"]["webhook"]

    public = asked(
        "/sandbox/public_token/create",
        institution_id=CASCADE.id, initial_products=["transactions"],
    )["public_token"]  # fmt: skip
    made = send("/connections", {"provider": "plaid", "public_token": public})["id"]
    assert webhook(made) == f"{address}/v1/webhooks/plaid/{made}"

    asked("/item/webhook/update", webhook="", **credentials(workspace, made))
    page = send("/connections/link", {
        "provider": "plaid", "redirect_url": BACK, "connection_id": made,
    })  # fmt: skip
    told = asked("/link/token/get", link_token=page["token"])["metadata"]["webhook"]
    assert told == f"{address}/v1/webhooks/plaid/{made}"
    httpx.get(page["url"], trust_env=False)
    assert webhook(made) == told
