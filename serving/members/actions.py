"""What may be done to members? Added, given a role, removed; the last owner always stays.

Nobody gives a role that allows more than they may do themselves, and whoever touches owners (makes
one, unmakes one, removes one) needs `workspace:write`. What is said of an address here is the last
word: an open invitation to it ends with the member, and follows the member's role.
"""

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from core.tenancy import new_id
from serving.audit_log.entries import record
from serving.auth.permissions import Permission, Role, permissions_of, refuse_escalation
from serving.auth.scope import TenantScope
from serving.invitations import queries as invitations
from serving.members import queries
from serving.members.schemas import Member, MemberRequest, member_of


class LastOwnerError(ConflictError):
    """A workspace keeps at least one owner."""

    code = "last_owner"
    title = "The workspace would have no owner"


def add(scope: TenantScope, rows: Rows, request: MemberRequest) -> Member:
    """Add a member, who becomes active by signing in with the address.

    Raises:
        ConflictError: The address belongs to a member already.
        EscalationError: The role allows what the caller may not do.
    """
    refuse_escalation(scope.principal.scopes, permissions_of(request.role))
    values = {
        "workspace_id": str(scope.tenant), "id": new_id("mem"), "email": request.email,
        "name": request.name or "", "role": request.role, "now": utc_now(),
    }  # fmt: skip
    row = rows.execute(queries.ADD, values).fetchone()
    if row is None:
        raise ConflictError(
            "The address belongs to a member of the workspace already.",
            next_step="Change the member's role with PATCH /v1/members/{id}.",
        )
    rows.execute(invitations.REPLACE, {"now": values["now"], "email": request.email})
    record(rows, scope, "member.added", row["id"], email=row["email"], role=row["role"])
    return member_of(row)


def change_role(scope: TenantScope, rows: Rows, member_id: str, role: Role) -> Member:
    """Give a member another role.

    Raises:
        NotFoundError: The workspace has no such member.
        LastOwnerError: It would be left without an owner.
        EscalationError: The role allows what the caller may not do, or an owner is unmade without
            `workspace:write`.
    """
    member = _held(rows, member_id)
    if member.role == role:
        return member
    refuse_escalation(scope.principal.scopes, permissions_of(role))
    _check_owner(scope, member)
    _check_last_owner(rows, member)
    row = rows.execute(
        queries.CHANGE_ROLE, {"role": role, "id": member_id, "now": utc_now()}
    ).fetchone()
    assert row is not None
    rows.execute(invitations.FOLLOW, {"role": role, "email": member.email})
    record(rows, scope, "member.role_changed", member_id, before=member.role, after=role)
    return member_of(row)


def remove(scope: TenantScope, rows: Rows, member_id: str) -> Member:
    """Remove a member.

    Raises:
        NotFoundError: The workspace has no such member.
        LastOwnerError: It would be left without an owner.
        EscalationError: An owner is removed without `workspace:write`.
    """
    member = _held(rows, member_id)
    _check_owner(scope, member)
    _check_last_owner(rows, member)
    rows.execute(queries.REMOVE, [member_id])
    rows.execute(invitations.REPLACE, {"now": utc_now(), "email": member.email})
    record(rows, scope, "member.removed", member_id, email=member.email, role=member.role)
    return member


def _held(rows: Rows, member_id: str) -> Member:
    row = rows.execute(queries.ONE, [member_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no member {member_id}.", next_step="GET /v1/members lists those there are."
        )
    return member_of(row)


def _check_owner(scope: TenantScope, member: Member) -> None:
    if member.role is Role.OWNER:
        refuse_escalation(scope.principal.scopes, {Permission.WORKSPACE_WRITE})


def _check_last_owner(rows: Rows, member: Member) -> None:
    """Refuse to leave nobody who can own: where an owner has signed in, one who has must stay."""
    owners = {row["id"]: row["has_signed_in"] for row in rows.execute(queries.OWNERS)}
    had_one = any(owners.values())
    if owners.pop(member.id, None) is None:
        return
    if not owners or (had_one and not any(owners.values())):
        raise LastOwnerError(
            "This member is the only owner who has signed in."
            if owners
            else "This member is the workspace's only owner.",
            next_step="Make another owner first, and have them sign in.",
        )
