"""Does an invitation's link make a member of its addressee, once, in time, and of nobody else?"""

import re

import psycopg
import pytest

from serving.auth.permissions import Role, permissions_of
from tests.serving.visitor import Visitor, new_address

LINK = re.compile(r"http://\S+(/invitation\?token=\S+)")


@pytest.fixture
def visit(api_url, mailbox, warehouse):
    """Make visitors, each with cookies and a network address of their own."""
    made = []

    def make() -> Visitor:
        made.append(Visitor(api_url, mailbox))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


def invite(workspace, email, role="admin", **headers):
    return workspace.api.post(
        "/v1/invitations", json={"email": email, "role": role},
        headers=workspace.headers() | headers,
    )  # fmt: skip


def link_for(mailbox, email):
    found = LINK.search(mailbox.newest(email))
    assert found is not None
    return found[1]


def listed(workspace):
    data = workspace.get("/v1/invitations").json()["data"]
    return [(one["email"], one["role"], one["state"]) for one in data]


def test_invitations_are_walked_page_by_page(workspace):
    for number in range(3):
        workspace.api.post(
            "/v1/invitations", json={"email": f"p{number}-{new_address()}"},
            headers=workspace.headers(),
        ).raise_for_status()  # fmt: skip
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/invitations", limit=2, **cursor).json()
        seen += page["data"]
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert [one["email"][:2] for one in seen] == ["p2", "p1", "p0"]


def test_whoever_is_invited_signs_in_and_joins(visit, workspace, mailbox):
    email = new_address()
    made = invite(workspace, email.upper())
    assert made.status_code == 201
    invitation = made.json()
    assert (invitation["email"], invitation["role"], invitation["state"]) == (
        email, "admin", "pending",
    )  # fmt: skip
    assert invitation["invited_by"] == "test"
    ada = visit()
    shown = ada.open(link_for(mailbox, email))
    assert str(shown.url) == f"{ada.url}/invitation"
    assert "Join A test" in shown.text
    asked = ada.submit(shown, "/sign_in", email=email)
    back = ada.submit(asked, "/sign_in/code", code=ada.code_for(email))
    assert str(back.url) == f"{ada.url}/invitation"
    joined = ada.submit(back, "/invitation")
    assert str(joined.url) == f"{ada.url}/workspaces/{workspace.tenant}"
    assert ada.own_workspace() == str(workspace.tenant)  # and none of her own
    who = ada.api("GET", "/v1/whoami", str(workspace.tenant)).json()
    assert (who["role"], set(who["permissions"])) == ("admin", permissions_of(Role.ADMIN))
    assert listed(workspace) == [(email, "admin", "accepted")]
    log = workspace.get("/v1/audit_log").json()["data"]
    assert [(entry["action"], entry["actor"]["name"]) for entry in log] == [
        ("invitation.accepted", email), ("invitation.created", "test"),
    ]  # fmt: skip


def test_a_link_works_once(visit, workspace, mailbox):
    email = new_address()
    invite(workspace, email)
    link = link_for(mailbox, email)
    ada = visit()
    ada.sign_in(email)
    page = ada.open(link)
    ada.submit(page, "/invitation")
    again = ada.open(link)
    assert again.status_code == 404
    assert "This invitation is over" in again.text


def test_a_forwarded_link_opens_nothing(visit, workspace, mailbox):
    email, eve = new_address(), visit()
    invite(workspace, email)
    eve.sign_in(new_address("eve"))
    page = eve.open(link_for(mailbox, email))
    assert "Sign out, then open the link again" in page.text
    refused = eve.submit(page, "/invitation")
    assert refused.status_code == 403
    assert eve.api("GET", "/v1/whoami", str(workspace.tenant)).status_code == 401
    assert listed(workspace) == [(email, "admin", "pending")]


@pytest.mark.parametrize(
    ("change", "state"),
    [("expires_at = now()", "expired"), ("revoked_at = now()", "revoked")],
)
def test_a_link_that_is_over_makes_no_member(visit, workspace, mailbox, engines, change, state):
    email, ada = new_address(), visit()
    invite(workspace, email)
    link = link_for(mailbox, email)
    ada.sign_in(email)
    page = ada.open(link)
    with psycopg.connect(engines.required("database_owner_url")) as connection:
        connection.execute(f"update invitations set {change} where email = %s", [email])
    assert ada.submit(page, "/invitation").status_code == 404
    assert listed(workspace) == [(email, "admin", state)]
    assert workspace.get("/v1/members").json()["data"] == []


def test_revoking_ends_the_link_and_repeating_it_changes_nothing(visit, workspace, mailbox):
    email = new_address()
    made = invite(workspace, email).json()
    path = f"/v1/invitations/{made['id']}"
    first, second = (
        workspace.api.delete(path, headers=workspace.headers()).json() for _ in range(2)
    )
    assert first == second
    assert first["state"] == "revoked"
    assert visit().open(link_for(mailbox, email)).status_code == 404
    missing = workspace.api.delete("/v1/invitations/inv_none", headers=workspace.headers())
    assert missing.status_code == 404


def test_inviting_again_ends_the_link_before(visit, workspace, mailbox):
    email = new_address()
    invite(workspace, email, "member")
    before = link_for(mailbox, email)
    invite(workspace, email, "admin")
    assert visit().open(before).status_code == 404
    assert visit().open(link_for(mailbox, email)).status_code == 200
    assert listed(workspace) == [(email, "admin", "pending"), (email, "member", "revoked")]


def test_a_repeated_request_mails_once(workspace, mailbox):
    email = new_address()
    first, second = (invite(workspace, email, **{"Idempotency-Key": "i-1"}) for _ in range(2))
    assert first.text == second.text
    assert len(mailbox.messages(email)) == 1


def test_a_member_needs_no_invitation_and_an_accepted_one_no_end(visit, workspace, mailbox):
    email, ada = new_address(), visit()
    made = invite(workspace, email).json()
    link = link_for(mailbox, email)
    ada.sign_in(email)
    ada.submit(ada.open(link), "/invitation")
    assert invite(workspace, email).status_code == 409
    path = f"/v1/invitations/{made['id']}"
    assert workspace.api.delete(path, headers=workspace.headers()).status_code == 409


def test_somebody_added_before_gets_the_invitations_role(visit, workspace, mailbox):
    email, ada = new_address(), visit()
    body = {"email": email, "role": "member", "name": "Ada"}
    workspace.api.post("/v1/members", json=body, headers=workspace.headers())
    invite(workspace, email, "admin")
    page = ada.open(link_for(mailbox, email))
    asked = ada.submit(page, "/sign_in", email=email)
    ada.submit(asked, "/sign_in/code", code=ada.code_for(email))
    # Signing in has joined her already, as the member that she was added as.
    (member,) = workspace.get("/v1/members").json()["data"]
    assert (member["name"], member["role"], member["status"]) == ("Ada", "member", "active")


def test_a_link_does_not_outlive_what_was_said_of_its_member_since(visit, workspace, mailbox):
    def members(method, path="", body=None):
        return workspace.api.request(
            method, f"/v1/members{path}", json=body, headers=workspace.headers()
        ).json()

    email = new_address()
    invite(workspace, email, "admin")
    added = members("POST", "", {"email": email})
    assert listed(workspace) == [(email, "admin", "revoked")]
    invite(workspace, email, "admin")
    members("PATCH", f"/{added['id']}", {"role": "admin"})
    members("PATCH", f"/{added['id']}", {"role": "member"})
    assert listed(workspace)[0] == (email, "member", "pending")
    link = link_for(mailbox, email)
    assert visit().open(link).status_code == 200
    members("DELETE", f"/{added['id']}")
    assert listed(workspace)[0] == (email, "member", "revoked")
    assert visit().open(link).status_code == 404


def test_an_invitation_unmakes_no_owner(visit, workspace, mailbox):
    email, ada = new_address(), visit()
    ada.sign_in(email)
    body = {"email": email, "role": "owner"}
    workspace.api.post("/v1/members", json=body, headers=workspace.headers())
    invite(workspace, email, "member")
    ada.submit(ada.open(link_for(mailbox, email)), "/invitation")
    (member,) = workspace.get("/v1/members").json()["data"]
    assert (member["role"], member["status"]) == ("owner", "active")


def test_only_workspace_write_invites_owners(workspace):
    admin = workspace.issue(scopes=permissions_of(Role.ADMIN))
    answer = workspace.api.post(
        "/v1/invitations", json={"email": new_address(), "role": "owner"},
        headers=workspace.headers(admin),
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_escalation")


def test_an_invitation_is_its_workspaces_alone(workspace, new_workspace):
    other = new_workspace()
    made = invite(other, new_address()).json()
    assert listed(workspace) == []
    path = f"/v1/invitations/{made['id']}"
    assert workspace.api.delete(path, headers=workspace.headers()).status_code == 404
    assert other.get("/v1/invitations").json()["data"][0]["state"] == "pending"


def test_a_mail_that_cannot_be_sent_leaves_no_invitation(serve, engines, workspace):
    import httpx
    from pydantic import SecretStr

    url = serve(engines.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:1")}))
    answer = httpx.post(
        f"{url}/v1/invitations", json={"email": new_address()}, headers=workspace.headers(),
        timeout=60,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (502, "mail_not_sent")
    assert listed(workspace) == []


def test_the_pages_invite_withdraw_make_and_revoke(visit, mailbox):
    ada, email = visit(), new_address("bob")
    ada.sign_in(new_address())
    home = ada.own_workspace()
    page = ada.open(f"/workspaces/{home}")
    page = ada.submit(page, f"/workspaces/{home}/invitations", email=email, role="member")
    assert email in page.text
    assert len(mailbox.messages(email)) == 1
    (withdraw,) = re.findall(r'action="(/workspaces/\w+/invitations/\w+/revoke)"', page.text)
    page = ada.submit(page, withdraw)
    assert email not in page.text
    made = ada.submit(
        page, f"/workspaces/{home}/api_keys", name="<b>mine</b>", access="full", days="90"
    )
    assert made.status_code == 201
    assert "<b>mine" not in made.text
    (key,) = re.findall(r"opk_live_[0-9a-z]{32}", made.text)
    headers = {"Authorization": f"Bearer {key}", "X-Workspace-Id": home}
    assert ada.http.get("/v1/whoami", headers=headers).status_code == 200
    page = ada.open(f"/workspaces/{home}")
    assert key not in page.text
    (revoke,) = re.findall(r'action="(/workspaces/\w+/api_keys/\w+/revoke)"', page.text)
    page = ada.submit(page, revoke)
    assert "revoked <time" in page.text
    log = ada.api("GET", "/v1/audit_log", home).json()["data"]
    assert [entry["action"] for entry in log][:4] == [
        "api_key.revoked", "api_key.created", "invitation.revoked", "invitation.created",
    ]  # fmt: skip


def test_a_member_sees_people_and_no_keys(visit, mailbox):
    ada, bob, email = visit(), visit(), new_address("bob")
    ada.sign_in(new_address())
    home = ada.own_workspace()
    ada.api("POST", "/v1/members", home, json={"email": email})
    bob.sign_in(email)
    page = bob.open(f"/workspaces/{home}")
    assert "People" in page.text
    assert "API keys" not in page.text
    assert "Invite somebody" not in page.text
    refused = bob.submit(
        page, f"/workspaces/{home}/api_keys", name="x", access="read_only", days="0"
    )
    assert refused.status_code == 403
