"""Who is let in by a command? One key that opens, not a heap of them; one member per address."""

from collections import Counter

import pytest

from core.clock import utc_now
from core.database import Database
from core.errors import InvalidInputError, NotFoundError
from core.settings import Settings
from core.tenancy import TenantId, new_id
from oppulence.workspaces import ensure_member, ensure_workspace, renew_key
from serving.auth.key_store import find_key, issue_key
from serving.auth.permissions import Role


def test_a_renewed_key_ends_those_of_its_name_and_no_other(postgres: Settings) -> None:
    tenant, now = TenantId(new_id("ws")), utc_now()
    secret = postgres.required("api_key_secret")
    database = Database.connect(postgres, size=1)
    try:
        ensure_workspace(database, tenant)
        mine, _ = issue_key(database, tenant, "mine", secret=secret, now=now)
        keys = [renew_key(database, tenant, "demo", secret=secret, now=now) for _ in range(3)]
        opens = {
            key: found is not None and found.is_usable(now)
            for key in (mine, *keys)
            for found in [find_key(database, tenant, key, secret=secret, now=now)]
        }
        with database.tenant(tenant) as rows:
            logged = rows.execute("select action, target from audit_log").fetchall()
    finally:
        database.close()
    assert list(opens.values()) == [True, False, False, True]
    done = Counter(one["action"] for one in logged)
    assert done == {"workspace.created": 1, "api_key.created": 3, "api_key.revoked": 2}


def test_an_address_is_let_in_once_with_the_role_given_last(postgres: Settings) -> None:
    tenant, other = TenantId(new_id("ws")), TenantId(new_id("ws"))
    database = Database.connect(postgres, size=1)
    try:
        ensure_workspace(database, tenant)
        for role in (Role.MEMBER, Role.OWNER):
            ensure_member(database, tenant, "ada@example.com", role)
        with pytest.raises(InvalidInputError):
            ensure_member(database, tenant, "ada", Role.MEMBER)
        with pytest.raises(NotFoundError):
            ensure_member(database, other, "ada@example.com", Role.MEMBER)
        with database.tenant(tenant) as rows:
            found = rows.execute("select email, role, user_id from members").fetchall()
            logged = rows.execute(
                "select actor_kind, actor_id, action, details from audit_log order by occurred_at"
            ).fetchall()
    finally:
        database.close()
    assert [(one["action"], one["details"]) for one in logged] == [
        ("workspace.created", {"name": str(tenant)}),
        ("member.added", {"email": "ada@example.com", "role": "member"}),
        ("member.role_changed", {"before": "member", "after": "owner"}),
    ]
    assert {(one["actor_kind"], one["actor_id"]) for one in logged} == {("system", "command line")}
    assert found == [{"email": "ada@example.com", "role": "owner", "user_id": None}]
