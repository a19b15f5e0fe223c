"""Can anybody see what is not theirs? Every operation of the OpenAPI document, every wrong key.

The operations are walked from the document itself: a new endpoint is covered by being there.
"""

from datetime import timedelta

import pytest

from core.clock import utc_now
from serving.auth.key_store import revoke_key
from serving.auth.keys import mint_key
from serving.auth.permissions import TABLE, Permission
from serving.auth.scope import required_permissions
from tests.serving.documented import APPLICATION, DOCUMENT

OPERATIONS = [
    (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if path.startswith("/v1/") and "api_key" in str(operation["security"])
]
# What a link's state or a provider's signature opens, and no key: tests/serving/test_links.py,
# tests/serving/test_webhooks.py.
PROVEN_OTHERWISE = {
    ("GET", "/v1/connections/callback"),
    ("POST", "/v1/webhooks/{provider}/{connection_id}"),
}
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]
MARK = "foreign-row-7f3a"


def ask(workspace, method, path, **headers):
    """Send the smallest request to an operation, its path parameters filled in."""
    filled = path.replace("{", "").replace("}", "")
    return workspace.api.request(method, filled, headers=headers)


@pytest.fixture(scope="module")
def other(new_workspace):
    """A second workspace whose rows carry a mark that must never be seen; nothing changes it."""
    workspace = new_workspace()
    workspace.holds({"id": MARK, "description": MARK, "counterparty": MARK})
    return workspace


@pytest.fixture(scope="module")
def opened(new_workspace):
    """A workspace with a row, for requests that change nothing of it."""
    workspace = new_workspace()
    workspace.holds({"id": "own"})
    return workspace


@pytest.fixture(scope="module")
def attempts(opened, other):
    """Headers that must open nothing, by what is wrong with them."""
    now = utc_now()
    revoked = opened.issue(name="revoked")
    with opened.database.tenant(opened.tenant) as rows:
        (row,) = rows.execute("select id from api_keys where name = 'revoked'").fetchall()
        revoke_key(rows, row["id"], now=now)
    bearers = {
        "no key": {},
        "not a bearer": {"Authorization": f"Basic {opened.key}"},
        "mistyped": {"Authorization": f"Bearer {opened.key[:-1]}"},
        "well formed but unknown": {"Authorization": f"Bearer {mint_key('live')}"},
        "expired": {"Authorization": f"Bearer {opened.issue(expires_at=now)}"},
        "revoked": {"Authorization": f"Bearer {revoked}"},
        "another workspace's": {"Authorization": f"Bearer {other.key}"},
    }
    named = {"X-Workspace-Id": str(opened.tenant)}
    bearer = {"Authorization": f"Bearer {opened.key}"}
    return {name: headers | named for name, headers in bearers.items()} | {
        "no workspace": bearer,
        "not a workspace": bearer | {"X-Workspace-Id": "ws_x' or 1=1"},
        "an unknown workspace": bearer | {"X-Workspace-Id": "ws_nobody"},
        "another workspace's id": bearer | {"X-Workspace-Id": str(other.tenant)},
    }


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_only_a_usable_key_of_the_workspace_opens_it(opened, attempts, method, path, operation):
    answers = {name: ask(opened, method, path, **headers) for name, headers in attempts.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        answers, 401
    )
    assert {answer.json()["code"] for answer in answers.values()} == {"invalid_api_key"}
    assert all("401" in operation["responses"] for _ in answers)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_a_key_without_the_permission_is_refused(opened, method, path, operation):
    needed = operation["x-required-permission"]
    if needed is None:
        return
    key = opened.issue(scopes=set(Permission) - {Permission(needed)})
    answer = ask(opened, method, path, **opened.headers(key))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert needed in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_no_answer_holds_another_workspaces_row(
    opened, new_workspace, other, method, path, operation
):
    workspace = opened
    if method != "GET":
        workspace = new_workspace()
        workspace.holds({"id": "own"})
    answer = ask(workspace, method, path, **workspace.headers())
    assert MARK not in answer.text
    assert str(other.tenant) not in answer.text
    assert str(answer.status_code) in operation["responses"]


def test_the_other_workspace_does_see_its_row(other):
    """Without this, the mark's absence above would prove nothing."""
    assert MARK in other.get("/v1/transactions").text


def test_a_revoked_key_stops_within_a_second(workspace):
    import time

    key = workspace.issue(name="short-lived")
    assert workspace.get("/v1/transactions", key=key).status_code == 200
    with workspace.database.tenant(workspace.tenant) as rows:
        (row,) = rows.execute("select id from api_keys where name = 'short-lived'").fetchall()
        revoke_key(rows, row["id"], now=utc_now())
    time.sleep(1)
    assert workspace.get("/v1/transactions", key=key).status_code == 401


def test_a_key_works_until_it_expires(workspace):
    key = workspace.issue(expires_at=utc_now() + timedelta(minutes=1))
    assert workspace.get("/v1/transactions", key=key).status_code == 200


def test_permissions_table_and_operations_agree():
    needed = set(required_permissions(APPLICATION).values()) - {None}
    assert needed == set(TABLE) == set(Permission)
    for permission in TABLE:
        assert f"`{permission}`" in DOCUMENT["info"]["description"]


def test_whatever_no_key_opens_is_named_here():
    walked = {(method, path) for method, path, _ in OPERATIONS}
    every = {
        (method.upper(), path)
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if path.startswith("/v1/")
    }
    assert every - walked <= PROVEN_OTHERWISE


def test_key_or_session_is_required_together_with_the_workspace():
    for _, _, operation in OPERATIONS:
        assert operation["security"] == [
            {"api_key": [], "workspace": []}, {"session": [], "workspace": []},
        ]  # fmt: skip
