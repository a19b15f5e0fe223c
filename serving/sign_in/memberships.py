"""Which workspaces does a person belong to, and how do they get one of their own?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.database import Rows, bind
from core.tenancy import TenantId, new_id
from serving.audit_log.entries import record_by_member

_OF_PERSON = """
select members.workspace_id, members.id, members.email, members.role, workspaces.name
from members join workspaces on workspaces.id = members.workspace_id
where members.user_id = %s
order by lower(workspaces.name), members.workspace_id
"""
_ADD = """
insert into members (workspace_id, id, email, name, role, user_id, created_at, updated_at)
values (%(workspace_id)s, %(id)s, %(email)s, %(name)s, 'owner', %(user_id)s, %(now)s, %(now)s)
"""


def memberships_of(rows: Rows, user_id: str) -> list[dict[str, Any]]:
    """Return a person's workspaces by name, in a transaction that is bound to the person."""
    return rows.execute(_OF_PERSON, [user_id]).fetchall()


def create_workspace(
    rows: Rows, user: Mapping[str, Any], name: str, request_id: str, now: datetime
) -> TenantId:
    """Make a workspace that a person (`id`, `email`, `name`) owns; it is bound afterwards."""
    tenant, member_id = TenantId(new_id("ws")), new_id("mem")
    bind(rows, tenant=tenant)
    rows.execute("insert into workspaces (id, name) values (%s, %s)", [str(tenant), name])
    values = {
        "workspace_id": str(tenant), "id": member_id, "email": user["email"],
        "name": user["name"], "user_id": user["id"], "now": now,
    }  # fmt: skip
    rows.execute(_ADD, values)
    member = {"id": member_id, "email": user["email"]}
    record_by_member(
        rows, tenant, member, "workspace.created", str(tenant), request_id=request_id, name=name
    )
    return tenant
