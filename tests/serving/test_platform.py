"""Do keys, members, workspaces and the audit log keep what they promise?"""

import time
from datetime import timedelta

import psycopg
import pytest

from core.clock import utc_now
from core.tenancy import new_id
from serving.auth.permissions import EVERYTHING, PRESETS, Permission, Role, permissions_of

READ = [Permission.TRANSACTIONS_READ]


def send(workspace, method, path, body=None, *, key=None, **headers):
    return workspace.api.request(method, path, json=body, headers=workspace.headers(key) | headers)


def post(workspace, path, body, **options):
    return send(workspace, "POST", path, body, **options)


def audit(workspace):
    entries = workspace.get("/v1/audit_log").json()["data"]
    return [(entry["action"], entry["target"]) for entry in entries]


def new_user(workspace):
    user_id = new_id("usr")
    with psycopg.connect(workspace.settings.required("database_owner_url")) as rows:
        rows.execute(
            "insert into users (id, email, created_at) values (%s, %s, now())",
            [user_id, f"{user_id}@example.com"],
        )
    return user_id


def test_whoami_tells_the_key_and_its_permissions(workspace):
    key = workspace.issue(name="reader", scopes=READ, environment="test")
    answer = workspace.get("/v1/whoami", key=key).json()
    key_id = answer.pop("key_id")
    assert key_id.startswith("key_")
    assert answer == {
        "workspace_id": str(workspace.tenant), "key_name": "reader", "environment": "test",
        "kind": "api_key", "member_id": None, "email": None, "role": None,
        "permissions": ["transactions:read"], "expires_at": None,
    }  # fmt: skip


def test_a_created_key_works_within_its_scopes_and_is_shown_once(workspace):
    answer = post(workspace, "/v1/api_keys", {"name": " dashboard ", "scopes": READ})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["name"], made["scopes"], made["kind"]) == ("dashboard", READ, "app")
    assert made["key"].startswith(made["prefix"])
    assert workspace.get("/v1/transactions", key=made["key"]).status_code == 200
    assert workspace.get("/v1/api_keys", key=made["key"]).status_code == 403
    listed = workspace.get("/v1/api_keys")
    assert made["key"] not in listed.text
    (record,) = [key for key in listed.json()["data"] if key["id"] == made["id"]]
    assert record["last_used_at"] is not None
    assert audit(workspace) == [("api_key.created", made["id"])]


def test_only_a_keyed_hash_is_stored(workspace):
    with workspace.database.tenant(workspace.tenant) as rows:
        (row,) = rows.execute("select * from api_keys").fetchall()
    assert len(bytes(row["key_hash"])) == 32
    assert workspace.key not in str(row)
    assert row["prefix"] == workspace.key[:13]


@pytest.mark.parametrize("body", [{"preset": "full"}, {"scopes": ["members:write"]}])
def test_a_key_cannot_give_what_it_lacks(workspace, body):
    key = workspace.issue(scopes=[Permission.API_KEYS_WRITE])
    answer = post(workspace, "/v1/api_keys", {"name": "more"} | body, key=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_escalation")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "x"}, {"name": "x", "scopes": []}, {"name": "", "preset": "full"},
        {"name": "x", "scopes": ["everything"]}, {"name": "x", "preset": "full", "scopes": READ},
        {"name": "x", "preset": "full", "kind": "internal"}, {"name": "a\0b", "preset": "full"},
        {"name": "x", "preset": "full", "expires_at": "2020-01-01"}, [], "x", None,
    ],
)  # fmt: skip
def test_a_senseless_key_request_is_a_problem(workspace, body):
    answer = post(workspace, "/v1/api_keys", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_a_rotated_key_works_until_the_overlap_ends(workspace):
    old = post(workspace, "/v1/api_keys", {"name": "app", "scopes": READ}).json()
    path = f"/v1/api_keys/{old['id']}/rotate"
    before = utc_now()
    new = post(workspace, path, {"overlap_seconds": 60}).json()
    assert (new["name"], new["scopes"]) == ("app", READ)
    for key in (old["key"], new["key"]):
        assert workspace.get("/v1/transactions", key=key).status_code == 200
    listed = {key["id"]: key for key in workspace.get("/v1/api_keys").json()["data"]}
    ends_at = listed[old["id"]]["expires_at"]
    assert listed[old["id"]]["replaced_by"] == new["id"]
    assert str(before + timedelta(seconds=59))[:19] <= ends_at.replace("T", " ")[:19]
    assert post(workspace, path, {}).status_code == 409
    again = post(workspace, f"/v1/api_keys/{new['id']}/rotate", {"overlap_seconds": 0})
    assert again.status_code == 201
    time.sleep(1)
    assert workspace.get("/v1/transactions", key=new["key"]).status_code == 401
    assert workspace.get("/v1/transactions", key=again.json()["key"]).status_code == 200


def test_a_wider_key_cannot_be_rotated_into_ones_own_hands(workspace):
    wide = post(workspace, "/v1/api_keys", {"name": "wide", "preset": "full"}).json()
    key = workspace.issue(scopes=[Permission.API_KEYS_WRITE])
    answer = post(workspace, f"/v1/api_keys/{wide['id']}/rotate", {}, key=key)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_escalation")


def test_a_revoked_key_is_refused_and_noted_once(workspace):
    made = post(workspace, "/v1/api_keys", {"name": "app", "scopes": READ}).json()
    path = f"/v1/api_keys/{made['id']}"
    first, second = (send(workspace, "DELETE", path).json() for _ in range(2))
    assert first["revoked_at"] is not None
    assert first == second
    assert workspace.get("/v1/transactions", key=made["key"]).status_code == 401
    assert audit(workspace).count(("api_key.revoked", made["id"])) == 1


def test_a_repeated_post_acts_once_and_repeats_its_answer(workspace):
    body = {"name": "once", "scopes": READ}
    first, second = (
        post(workspace, "/v1/api_keys", body, **{"Idempotency-Key": "k-1"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.text == second.text
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert [action for action, _ in audit(workspace)] == ["api_key.created"]
    other = post(workspace, "/v1/api_keys", {**body, "name": "x"}, **{"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    with workspace.database.tenant(workspace.tenant) as rows:
        (kept,) = rows.execute("select sealed_answer from idempotent_answers").fetchall()
    assert "opk_" not in kept["sealed_answer"]


def test_a_failed_post_leaves_its_idempotency_key_free(workspace):
    narrow = workspace.issue(scopes=permissions_of(Role.ADMIN))
    owner = {"email": "a@example.com", "role": "owner"}
    sent = {"Idempotency-Key": "k-2"}
    assert post(workspace, "/v1/members", owner, key=narrow, **sent).status_code == 403
    member = {"email": "a@example.com", "role": "member"}
    assert post(workspace, "/v1/members", member, key=narrow, **sent).status_code == 201


def test_an_idempotency_key_belongs_to_its_api_key_and_workspace(workspace, new_workspace):
    body, sent = {"email": "a@example.com"}, {"Idempotency-Key": "same"}
    assert post(workspace, "/v1/members", body, **sent).status_code == 201
    second_key = workspace.issue()
    assert post(workspace, "/v1/members", body, key=second_key, **sent).status_code == 409
    assert post(new_workspace(), "/v1/members", body, **sent).status_code == 201


def test_members_are_added_changed_and_removed(workspace):
    ada = post(workspace, "/v1/members", {"email": "Ada@Example.com", "role": "owner"}).json()
    assert (ada["email"], ada["role"], ada["status"]) == ("ada@example.com", "owner", "invited")
    bob = post(workspace, "/v1/members", {"email": "bob@example.com", "name": "Bob"}).json()
    again = post(workspace, "/v1/members", {"email": "BOB@example.com"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    path = f"/v1/members/{bob['id']}"
    assert send(workspace, "PATCH", path, {"role": "admin"}).json()["role"] == "admin"
    listed = workspace.get("/v1/members").json()["data"]
    assert [(m["email"], m["role"]) for m in listed] == [
        ("ada@example.com", "owner"), ("bob@example.com", "admin"),
    ]  # fmt: skip
    assert send(workspace, "DELETE", path).status_code == 200
    assert send(workspace, "DELETE", path).status_code == 404
    assert audit(workspace) == [
        ("member.removed", bob["id"]), ("member.role_changed", bob["id"]),
        ("member.added", bob["id"]), ("member.added", ada["id"]),
    ]  # fmt: skip


def test_the_last_owner_stays(workspace):
    ada = post(workspace, "/v1/members", {"email": "ada@example.com", "role": "owner"}).json()
    path = f"/v1/members/{ada['id']}"
    for answer in (
        send(workspace, "DELETE", path),
        send(workspace, "PATCH", path, {"role": "member"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    post(workspace, "/v1/members", {"email": "eve@example.com", "role": "owner"})
    assert send(workspace, "PATCH", path, {"role": "member"}).status_code == 200


def test_an_owner_who_has_signed_in_stays(workspace):
    """An address that nobody reads must not become the only owner."""
    ada, typo = (
        post(workspace, "/v1/members", {"email": f"{name}@example.com", "role": "owner"}).json()
        for name in ("ada", "adda")
    )
    has_signed_in = "update members set user_id = %s where id = %s"
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(has_signed_in, [new_user(workspace), ada["id"]])
    path = f"/v1/members/{ada['id']}"
    for answer in (
        send(workspace, "DELETE", path),
        send(workspace, "PATCH", path, {"role": "member"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(has_signed_in, [new_user(workspace), typo["id"]])
    assert send(workspace, "PATCH", path, {"role": "member"}).status_code == 200


@pytest.mark.parametrize("role", ["admin", "member"])
def test_nobody_gives_a_role_that_allows_more_than_they_may(workspace, role):
    bob = post(workspace, "/v1/members", {"email": "bob@example.com"}).json()
    narrow = workspace.issue(scopes={Permission.MEMBERS_READ, Permission.MEMBERS_WRITE})
    body = {"email": "me@example.com", "role": role}
    answers = [
        post(workspace, "/v1/members", body, key=narrow),
        post(workspace, "/v1/invitations", body, key=narrow),
    ]
    if role != "member":
        answers.append(
            send(workspace, "PATCH", f"/v1/members/{bob['id']}", {"role": role}, key=narrow)
        )
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_escalation")
    admin = workspace.issue(scopes=permissions_of(Role.ADMIN))
    assert post(workspace, "/v1/members", body, key=admin).status_code == 201


@pytest.mark.parametrize(
    "spelling",
    [
        "(a)victim@example.com", "victim(1)@example.com", "<victim@example.com>",
        "x:victim@example.com;", '"victim"@example.com', "a,victim@example.com",
        "victim@[127.0.0.1]", "victim@example.com(1)", "victim@example..com", "victim@",
    ],
)  # fmt: skip
def test_one_mailbox_has_one_spelling(workspace, spelling):
    answer = post(workspace, "/v1/members", {"email": spelling})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_only_workspace_write_touches_owners(workspace):
    ada = post(workspace, "/v1/members", {"email": "ada@example.com", "role": "owner"}).json()
    admin = workspace.issue(scopes=permissions_of(Role.ADMIN))
    path = f"/v1/members/{ada['id']}"
    for answer in (
        post(workspace, "/v1/members", {"email": "x@example.com", "role": "owner"}, key=admin),
        send(workspace, "PATCH", path, {"role": "member"}, key=admin),
        send(workspace, "DELETE", path, key=admin),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_escalation")


def test_a_workspace_sees_and_renames_itself_alone(workspace, new_workspace):
    other, own = new_workspace(), f"/v1/workspaces/{workspace.tenant}"
    listed = workspace.get("/v1/workspaces").json()["data"]
    assert [found["id"] for found in listed] == [str(workspace.tenant)]
    assert send(workspace, "PATCH", own, {"name": "Größe & Co."}).status_code == 200
    assert workspace.get(own).json()["name"] == "Größe & Co."
    foreign = f"/v1/workspaces/{other.tenant}"
    for answer in (workspace.get(foreign), send(workspace, "PATCH", foreign, {"name": "mine"})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert other.get(foreign).json()["name"] == "A test"


def test_another_workspaces_rows_do_not_exist_for_a_path(workspace, new_workspace):
    other = new_workspace()
    member = post(other, "/v1/members", {"email": "a@example.com"}).json()["id"]
    key = other.get("/v1/whoami").json()["key_id"]
    answers = [
        send(workspace, "PATCH", f"/v1/members/{member}", {"role": "admin"}),
        send(workspace, "DELETE", f"/v1/members/{member}"),
        send(workspace, "DELETE", f"/v1/api_keys/{key}"),
        post(workspace, f"/v1/api_keys/{key}/rotate", {}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert other.get("/v1/whoami").status_code == 200


def test_the_audit_log_says_who_and_why_page_by_page(workspace):
    answer = post(workspace, "/v1/members", {"email": "a@example.com"}, **{"X-Request-Id": "r-1"})
    for name in "bcd":
        post(workspace, "/v1/members", {"email": f"{name}@example.com"})
    seen, cursor = [], {}
    while cursor is not None:
        page = workspace.get("/v1/audit_log", limit=3, **cursor).json()
        seen += page["data"]
        cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
    assert len({entry["id"] for entry in seen}) == len(seen) == 4
    entry = seen[-1]
    assert entry["request_id"] == "r-1"
    assert (entry["action"], entry["target"]) == ("member.added", answer.json()["id"])
    assert entry["details"] == {"email": "a@example.com", "role": "member"}
    assert entry["actor"]["id"] == workspace.get("/v1/whoami").json()["key_id"]
    found = workspace.get("/v1/audit_log", target=entry["target"], action="member.added")
    assert found.json()["data"] == [entry]
    assert workspace.get("/v1/audit_log", until="2020-01-01").json()["data"] == []


@pytest.mark.parametrize("change", ["update audit_log set action = 'x'", "delete from audit_log"])
def test_the_audit_log_cannot_be_changed(workspace, change):
    post(workspace, "/v1/members", {"email": "a@example.com"})
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        workspace.database.tenant(workspace.tenant) as rows,
    ):
        rows.execute(change)
    owner = workspace.settings.required("database_owner_url")
    named = "select set_config('app.workspace_id', %s, true)"
    with psycopg.connect(owner) as connection:
        connection.execute(named, [str(workspace.tenant)])
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute(change)


def test_roles_grow_and_presets_stay_within_the_table():
    member, admin, owner = (permissions_of(r) for r in (Role.MEMBER, Role.ADMIN, Role.OWNER))
    assert member < admin < owner == EVERYTHING
    assert PRESETS["full"] == EVERYTHING
    assert all(permission.endswith(":read") for permission in PRESETS["read_only"])
    assert Permission.API_KEYS_READ not in PRESETS["read_only"]


def test_keys_and_members_are_walked_page_by_page(workspace):
    """Keys newest first, members oldest first; none twice, none left out."""
    for number in range(3):
        workspace.issue(name=f"key-{number}", now=utc_now() + timedelta(seconds=number))
        workspace.api.post(
            "/v1/members", json={"email": f"m{number}@example.com"}, headers=workspace.headers()
        )
    for path, name, expected in (
        ("/v1/api_keys", "name", ["key-2", "key-1", "key-0", "test"]),
        ("/v1/members", "email", [f"m{number}@example.com" for number in range(3)]),
    ):
        seen, cursor = [], {}
        while cursor is not None:
            page = workspace.get(path, limit=1, **cursor).json()
            seen += [row[name] for row in page["data"]]
            cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
        assert sorted(seen) == sorted(expected)
        assert seen[0] == expected[0]
        assert workspace.get(path, cursor="W10").status_code == 422
