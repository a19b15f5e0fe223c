"""Does a session open what its member may have, until it ends, and for our own pages alone?

Every operation of the OpenAPI document is walked, as tests/serving/test_isolation.py does for keys.
"""

from datetime import timedelta

import psycopg
import pytest
from fastapi.routing import iter_route_contexts

from core.clock import utc_now
from serving.auth.permissions import Permission, Role, permissions_of
from serving.auth.session_store import IDLE, LONGEST
from tests.serving.documented import APPLICATION, DOCUMENT
from tests.serving.visitor import Visitor, new_address

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and "session" in str(operation["security"])
]
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]
PATH = "/v1/whoami"


@pytest.fixture(scope="module")
def visitor(api_url, mailbox, warehouse):
    """Make visitors who are signed in."""
    made = []

    def make(email: str = "") -> Visitor:
        made.append(Visitor(api_url, mailbox))
        made[-1].sign_in(email or new_address())
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def ada(visitor):
    return visitor()


@pytest.fixture(scope="module")
def home(ada):
    """Ada's own workspace."""
    return ada.own_workspace()


@pytest.fixture(scope="module")
def member(visitor, ada, home):
    """Somebody with the least role in Ada's workspace."""
    email = new_address("member")
    added = ada.api("POST", "/v1/members", home, json={"email": email, "role": "member"})
    assert added.status_code == 201
    return visitor(email)


@pytest.fixture(scope="module")
def eve(visitor):
    """Somebody else, with a workspace of her own."""
    return visitor(new_address("eve"))


@pytest.fixture(scope="module")
def ended(visitor, engines):
    """Sessions of Ada's workspace's members that are over: signed out, too old, idle."""
    found = {}
    for name, change in (
        ("signed out", "ended_at = now()"),
        ("too old", "expires_at = now()"),
        ("idle", f"last_used_at = now() - interval '{IDLE.total_seconds() + 1} seconds'"),
    ):
        one = visitor()
        workspace = one.own_workspace()
        with psycopg.connect(engines.required("database_owner_url")) as connection:
            connection.execute(
                f"update sessions set {change} where id = (select id from sessions"
                " order by created_at desc limit 1)"
            )
        found[name] = (one, workspace)
    return found


def ask(visitor, method, path, workspace, **headers):
    filled = path.replace("{", "").replace("}", "")
    return visitor.api(method, filled, workspace, headers=headers)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_no_other_session_opens_a_workspace(eve, ended, home, method, path, operation):
    attempts = {"another person's": (eve, home), **ended}
    answers = {name: ask(one, method, path, at) for name, (one, at) in attempts.items()}
    assert {
        name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()
    } == dict.fromkeys(attempts, (401, "invalid_session"))


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_a_role_opens_what_it_has_and_no_more(member, home, method, path, operation):
    needed = operation["x-required-permission"]
    if needed is None or Permission(needed) in permissions_of(Role.MEMBER):
        return
    answer = ask(member, method, path, home)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert needed in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [one for one in OPERATIONS if one[0] != "GET"],
    ids=[name for name in IDS if not name.startswith("GET")],
)
def test_no_other_site_changes_anything(ada, home, method, path, operation):
    forged = [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "ü"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]
    sent = [{name: value.encode() for name, value in headers.items()} for headers in forged]
    answers = [ask(ada, method, path, home, **headers) for headers in sent]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (403, "csrf_refused")
    }


def test_the_csrf_token_of_another_session_is_worth_nothing(ada, eve, home):
    headers = {"X-CSRF-Token": eve.cookie("csrf")}
    answer = ada.api("POST", "/v1/members", home, json={"email": "a@b.c"}, headers=headers)
    assert answer.json()["code"] == "csrf_refused"


def test_our_own_page_may(ada, home):
    headers = {"Origin": ada.url, "Sec-Fetch-Site": "same-origin"}
    body = {"email": new_address()}
    answer = ada.api("POST", "/v1/members", home, json=body, headers=headers)
    assert answer.status_code == 201


def test_every_form_is_refused_without_its_token(ada, home):
    # But a payer's: no cookie speaks for them, the page's own address is what only they know.
    posts = [
        route.path
        for route in iter_route_contexts(APPLICATION.routes)
        if "POST" in (route.methods or ()) and not str(route.path).startswith(("/v1", "/r/"))
    ]
    assert len(posts) == 24, posts
    for path in posts:
        filled = path.replace("{workspace_id}", home).replace("{", "").replace("}", "")
        for data in ({}, {"csrf_token": "0" * 64}):
            answer = ada.http.post(filled, data={"name": "x", "email": "a@b.c", **data})
            assert answer.status_code == 403, path
            assert "did not come from our own page" in answer.text
    assert ada.api("GET", PATH, home).status_code == 200


def test_cookies_are_kept_from_scripts_and_other_sites(api_url, mailbox):
    one = Visitor(api_url, mailbox)
    one.http.follow_redirects = False
    asked = one.ask_for_code(email := new_address())
    page = one.open("/sign_in/code")
    entered = one.submit(page, "/sign_in/code", code=one.code_for(email))
    one.close()
    set_by = {
        line.split("=", 1)[0]: line.lower()
        for answer in (asked, entered)
        for line in answer.headers.get_list("set-cookie")
        if "max-age=0" not in line.lower()
    }
    assert set(set_by) == {
        "oppulence_sign_in", "oppulence_session", "oppulence_csrf", "oppulence_known",
    }  # fmt: skip
    for name, line in set_by.items():
        assert "samesite=lax" in line
        assert "path=/" in line
        assert "domain" not in line
        assert ("httponly" in line) is (name != "oppulence_csrf")
        assert "secure" not in line  # plain http: a browser would not keep it
    assert f"max-age={int(LONGEST.total_seconds())}" in set_by["oppulence_session"]


def test_over_https_cookies_are_secure_and_of_this_host_alone(serve, engines, mailbox):
    one = Visitor(serve(engines.model_copy(update={"public_url": "https://app.example"})), mailbox)
    answer = one.open("/sign_in")
    one.close()
    (line,) = answer.headers.get_list("set-cookie")
    assert line.startswith("__Host-oppulence_visit=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(line.split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_pages_forbid_scripts_frames_and_caches(ada, home):
    pages = [ada.open(path) for path in ("/workspaces", f"/workspaces/{home}", "/workspaces/nope")]
    assert [page.status_code for page in pages] == [200, 200, 404]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert "<script" not in page.text
        assert "https://" not in page.text.replace("http://www.w3.org", "")


def test_signing_in_again_changes_the_session_and_ends_the_one_before(visitor):
    email = new_address()
    one = visitor(email)
    before, workspace = one.cookie("session"), one.own_workspace()
    csrf = one.cookie("csrf")
    page = one.open("/sign_in")  # leads on to the workspaces: already signed in
    assert str(page.url).endswith("/workspaces")
    answer = one.submit(page, "/sign_in", email=email)
    one.submit(answer, "/sign_in/code", code=one.code_for(email))
    assert one.cookie("session") not in ("", before)
    assert one.cookie("csrf") != csrf
    assert one.api("GET", PATH, workspace).status_code == 200
    one.http.cookies.set("oppulence_session", before)
    assert one.api("GET", PATH, workspace).status_code == 401


def test_signing_out_ends_this_session_at_once(visitor):
    email = new_address()
    one, other = visitor(email), visitor(email)
    token, workspace = one.cookie("session"), one.own_workspace()
    left = one.submit(one.open("/workspaces"), "/sign_out")
    assert "You are signed out." in left.text
    assert one.cookie("session") == ""
    one.http.cookies.set("oppulence_session", token)
    assert one.api("GET", PATH, workspace).status_code == 401
    assert str(one.open("/workspaces").url).endswith("/sign_in")
    assert other.api("GET", PATH, workspace).status_code == 200


def test_signing_out_everywhere_ends_every_session_of_the_person(visitor, eve):
    email = new_address()
    here, there = visitor(email), visitor(email)
    workspace = here.own_workspace()
    log_keeper = here.api("POST", "/v1/api_keys", workspace, json={"name": "log", "preset": "full"})
    here.submit(here.open("/workspaces"), "/sign_out/everywhere")
    assert there.api("GET", PATH, workspace).status_code == 401
    assert eve.api("GET", PATH, eve.own_workspace()).status_code == 200
    headers = {
        "Authorization": f"Bearer {log_keeper.json()['key']}", "X-Workspace-Id": workspace,
    }  # fmt: skip
    log = eve.http.get("/v1/audit_log", headers=headers).json()["data"]
    assert [entry["action"] for entry in log] == [
        "session.ended_everywhere", "api_key.created", "session.started", "session.started",
        "workspace.created",
    ]  # fmt: skip
    assert log[0]["details"] == {"ended": 2}


def test_a_removed_member_is_out_at_once(visitor, ada, home):
    email = new_address()
    added = ada.api("POST", "/v1/members", home, json={"email": email, "role": "admin"}).json()
    one = visitor(email)
    assert one.api("GET", "/v1/audit_log", home).status_code == 200
    changed = ada.api("PATCH", f"/v1/members/{added['id']}", home, json={"role": "member"})
    assert changed.status_code == 200
    assert one.api("GET", "/v1/audit_log", home).status_code == 403
    ada.api("DELETE", f"/v1/members/{added['id']}", home)
    assert one.api("GET", PATH, home).status_code == 401
    assert one.open(f"/workspaces/{home}").status_code == 404


def test_a_key_goes_before_a_session(ada, home, workspace):
    answer = ada.http.get(PATH, headers=workspace.headers())
    assert answer.json()["kind"] == "api_key"


def test_use_moves_the_idle_end_and_never_the_last(visitor, engines):
    one = visitor()
    workspace = one.own_workspace()
    owner = engines.required("database_owner_url")
    with psycopg.connect(owner) as connection:
        connection.execute(
            "update sessions set last_used_at = now() - interval '11 hours' where id ="
            " (select id from sessions order by created_at desc limit 1)"
        )
    ends_at = one.api("GET", PATH, workspace).json()["expires_at"]
    with psycopg.connect(owner) as connection:
        ((used_at, expires_at),) = connection.execute(
            "select last_used_at, expires_at from sessions order by created_at desc limit 1"
        ).fetchall()
    assert utc_now() - used_at < timedelta(minutes=5)
    assert expires_at.isoformat().replace("+00:00", "Z") == ends_at


@pytest.mark.parametrize("table", ["users", "identities", "sessions", "sign_ins", "invitations"])
def test_postgres_shows_nobodys_rows_to_strangers(ada, database, table):
    with database.system() as rows:
        assert rows.execute(f"select count(*) as n from {table}").fetchone() == {"n": 0}
    with database.person(user_id="usr_nobody", lookup="ff") as rows:
        assert rows.execute(f"select count(*) as n from {table}").fetchone() == {"n": 0}


def test_postgres_lets_nobody_make_an_account_in_anothers_name(database):
    made = "insert into users (id, email, created_at) values ('usr_ada', 'x@y.z', now())"
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.person(user_id="usr_eve") as rows,
    ):
        rows.execute(made)
