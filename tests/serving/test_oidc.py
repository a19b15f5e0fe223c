"""Does the issuer's word sign in whom it names, and is every token that does not hold refused?

The issuer is the sandbox's, over HTTP. Its tokens are signed without the library that checks them.
"""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from sandbox.oidc import CLIENT_ID, CLIENT_SECRET
from sandbox.oidc.app import SPOILED
from serving.sign_in import issuer
from tests.serving.visitor import Visitor, new_address

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def visit(oidc_url, mailbox):
    """Make visitors, each with cookies and a network address of their own."""
    made = []

    def make() -> Visitor:
        made.append(Visitor(oidc_url, mailbox))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


def consent(visitor: Visitor, email: str, **fields: str) -> str:
    """Go to the issuer, fill in its form; return the address that it sends the browser back to."""
    form = visitor.open("/sign_in/oidc")
    assert "Sandbox sign-in" in form.text, form.text
    asked = {name: value.replace("&amp;", "&") for name, value in HIDDEN.findall(form.text)}
    back = httpx.post(
        str(form.url).partition("?")[0], data={**asked, "email": email, **fields}, timeout=60
    )
    assert back.status_code == 303
    return back.headers["Location"]


def spoil(stripe_sandbox, kind: str, path: str = "^/oidc/token") -> None:
    rule = {"kind": kind, "path": path, "next": 1}
    httpx.post(f"{stripe_sandbox.url}/_sandbox/faults", json=rule).raise_for_status()


def test_a_new_person_signs_in_at_the_issuer(visit):
    ada, email = visit(), new_address()
    start = ada.open("/sign_in")
    assert "Continue with single sign-on" in start.text
    arrived = ada.open(consent(ada, email, name="Ada Lovelace"))
    assert str(arrived.url) == f"{ada.url}/workspaces"
    workspace = ada.own_workspace()
    assert "Ada Lovelace&#39;s workspace" in arrived.text
    who = ada.api("GET", "/v1/whoami", workspace).json()
    assert (who["kind"], who["email"], who["role"]) == ("member", email, "owner")
    log = ada.api("GET", "/v1/audit_log", workspace).json()["data"]
    assert (log[0]["action"], log[0]["details"]) == ("session.started", {"method": "oidc"})


def test_what_is_asked_of_the_issuer_binds_the_answer(visit, oidc_url):
    ada = visit()
    ada.http.follow_redirects = False
    asked = [parse_qs(urlsplit(ada.open("/sign_in/oidc").headers["Location"]).query) for _ in "ab"]
    for one in asked:
        assert one["response_type"] == ["code"]
        assert one["code_challenge_method"] == ["S256"]
        assert one["redirect_uri"] == [f"{oidc_url}/sign_in/callback"]
        assert one["scope"] == ["openid email profile"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) >= 43
        assert asked[0][name] != asked[1][name]


def test_the_second_sign_in_finds_the_same_account(visit):
    email = new_address()
    found = []
    for _ in range(2):
        ada = visit()
        ada.open(consent(ada, email))
        found.append(ada.own_workspace())
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", SPOILED)
def test_an_id_token_that_does_not_hold_signs_nobody_in(visit, stripe_sandbox, kind):
    ada = visit()
    back = consent(ada, new_address())
    spoil(stripe_sandbox, kind)
    refused = ada.open(back)
    assert (refused.status_code, ada.cookie("session")) == (403, "")
    assert "You could not be signed in" in refused.text


def test_an_address_that_the_issuer_has_not_verified_is_not_taken(visit, stripe_sandbox):
    ada = visit()
    back = consent(ada, new_address())
    spoil(stripe_sandbox, "address_unverified")
    refused = ada.open(back)
    assert (refused.status_code, ada.cookie("session")) == (403, "")
    assert "has not verified your address" in refused.text


def test_an_address_that_only_userinfo_has_is_read_there(visit, stripe_sandbox):
    ada, email = visit(), new_address()
    back = consent(ada, email)
    spoil(stripe_sandbox, "address_elsewhere")
    assert email in ada.open(back).text


def test_an_answer_serves_one_browser_once(visit):
    ada, eve, email = visit(), visit(), new_address()
    back = consent(ada, email)
    stolen = eve.open(back)
    assert (stolen.status_code, eve.cookie("session")) == (403, "")
    pending = ada.cookie("sign_in")
    assert ada.open(back).status_code == 200
    ada.http.cookies.clear()
    ada.http.cookies.set("oppulence_sign_in", pending)
    again = ada.open(back)
    assert (again.status_code, ada.cookie("session")) == (403, "")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "another"}, {"state": ""}, {"code": "another"}, {"code": ""},
        {"iss": "http://127.0.0.1:1/oidc"}, {"error": "access_denied"},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_was_changed_is_refused(visit, change):
    ada = visit()
    url = urlsplit(consent(ada, new_address()))
    answer = {name: values[0] for name, values in parse_qs(url.query).items()} | change
    refused = ada.http.get(url.path, params=answer)
    assert (refused.status_code, ada.cookie("session")) == (403, "")


def test_whoever_cancels_comes_back_unsigned(visit):
    ada = visit()
    refused = ada.open(consent(ada, new_address(), denied="yes"))
    assert (refused.status_code, ada.cookie("session")) == (403, "")
    assert "did not let you in" in refused.text


def test_a_verifier_is_needed_beside_the_code(visit, stripe_sandbox, oidc_url):
    code = parse_qs(urlsplit(consent(visit(), new_address())).query)["code"][0]
    answer = httpx.post(
        f"{stripe_sandbox.url}/oidc/token", auth=(CLIENT_ID, CLIENT_SECRET),
        data={"grant_type": "authorization_code", "code": code, "code_verifier": "x" * 43,
              "redirect_uri": f"{oidc_url}/sign_in/callback"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_mailed_codes_do_not_go_round_the_issuer(visit, mailbox):
    ada, email = visit(), new_address()
    page = ada.open("/sign_in")
    assert 'name="email"' not in page.text
    ada.open(consent(ada, new_address()))
    refused = ada.submit(ada.open("/workspaces"), "/sign_in", email=email)
    assert refused.status_code == 403
    assert mailbox.messages(email) == []


def test_an_address_that_changes_hands_does_not_open_the_account(visit, engines):
    ada, email = visit(), new_address()
    ada.open(consent(ada, email))
    with psycopg.connect(engines.required("database_owner_url")) as connection:
        connection.execute(
            "update identities set subject = 'the former holder' where user_id ="
            " (select id from users where email = %s)",
            [email],
        )
    other = visit()
    refused = other.open(consent(other, email))
    assert (refused.status_code, other.cookie("session")) == (403, "")
    assert "This address belongs to another account" in refused.text


def test_an_invited_person_joins_by_single_sign_on(visit, workspace, mailbox):
    ada, email = visit(), new_address()
    workspace.api.post("/v1/invitations", json={"email": email}, headers=workspace.headers())
    link = re.search(r"/invitation\?token=\S+", mailbox.newest(email))
    assert link is not None
    assert "Continue with single sign-on" in ada.open(link[0]).text
    page = ada.open(consent(ada, email))
    assert str(page.url) == f"{ada.url}/invitation"
    ada.submit(page, "/invitation")
    assert ada.own_workspace() == str(workspace.tenant)


def test_keys_that_the_issuer_changed_are_read_again(visit, stripe_sandbox, monkeypatch):
    monkeypatch.setattr(issuer, "KEYS_ASKED_SECONDS", 0.0)
    ada = visit()
    ada.open(consent(ada, new_address()))
    spoil(stripe_sandbox, "new_key", "^/oidc/")
    bob = visit()
    arrived = bob.open(consent(bob, new_address("bob")))
    assert str(arrived.url).endswith("/workspaces")


def test_an_issuer_that_is_away_is_a_page_that_says_so(serve, oidc_settings, mailbox):
    away = {"public_url": "", "oidc_issuer": "http://127.0.0.1:1/oidc"}
    visitor = Visitor(serve(oidc_settings.model_copy(update=away)), mailbox)
    answer = visitor.open("/sign_in/oidc")
    visitor.close()
    assert answer.status_code == 502
    assert "The sign-in service does not answer" in answer.text
