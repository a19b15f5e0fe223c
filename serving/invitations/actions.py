"""What may be done with invitations? Mailed, revoked, accepted by whom they were mailed to.

A link works once, for seven days, and only for a person who is signed in with the address that it
was sent to: a forwarded mail opens nothing. Inviting an address again ends the link before.
"""

from datetime import timedelta

from core.clock import utc_now
from core.database import Rows
from core.errors import ConflictError, NotFoundError
from core.tenancy import new_id
from core.tokens import new_token
from serving.audit_log.entries import record
from serving.auth.permissions import permissions_of, refuse_escalation
from serving.auth.scope import TenantScope
from serving.invitations import queries
from serving.invitations.schemas import Invitation, InvitationRequest, invitation_of
from serving.rate_limits import RateLimitedError

VALID = timedelta(days=7)
INVITATIONS_A_DAY = 500


def invite(scope: TenantScope, rows: Rows, request: InvitationRequest) -> Invitation:
    """Mail a link that makes a member of whoever holds the address.

    Raises:
        ConflictError: The address belongs to an active member.
        EscalationError: The role allows what the caller may not do.
        RateLimitedError: The workspace has invited too many today.
        MailNotSentError: The relay did not take the mail; nothing is kept.
    """
    now = utc_now()
    refuse_escalation(scope.principal.scopes, permissions_of(request.role))
    if rows.execute(queries.ACTIVE_MEMBER, [request.email]).fetchone():
        raise ConflictError(
            "The address belongs to a member of the workspace already.",
            next_step="Change the member's role with PATCH /v1/members/{id}.",
        )
    lately = rows.execute(queries.LATELY, {"now": now}).fetchone()
    assert lately is not None
    if lately["invited"] >= INVITATIONS_A_DAY:
        raise RateLimitedError(f"{INVITATIONS_A_DAY} invitations a day", 86_400)
    rows.execute(queries.REPLACE, {"now": now, "email": request.email})
    token = new_token()
    values = {
        "workspace_id": str(scope.tenant), "id": new_id("inv"), "email": request.email,
        "role": request.role, "token_hash": scope.hash_token(token),
        "invited_by": scope.principal.name, "now": now, "expires_at": now + VALID,
    }  # fmt: skip
    row = rows.execute(queries.CREATE, values).fetchone()
    assert row is not None
    record(rows, scope, "invitation.created", row["id"], email=row["email"], role=row["role"])
    workspace = rows.execute("select name from workspaces where id = %s", [str(scope.tenant)])
    named = workspace.fetchone()
    assert named is not None
    scope.mailer().send(
        request.email,
        f"Join {named['name']} on Oppulence",
        f"{row['invited_by']} invites you to join {named['name']} as {row['role']}.\n\n"
        f"Open this link within seven days:\n{scope.public_address}/invitation?token={token}\n\n"
        "If you did not expect this, do nothing.\n",
    )
    return invitation_of(row, now)


def revoke(scope: TenantScope, rows: Rows, invitation_id: str) -> Invitation:
    """End a link; ending it again changes nothing.

    Raises:
        NotFoundError: The workspace has no such invitation.
        ConflictError: It has been accepted.
    """
    now = utc_now()
    row = rows.execute(queries.ONE, [invitation_id]).fetchone()
    if row is None:
        raise NotFoundError(
            f"There is no invitation {invitation_id}.",
            next_step="GET /v1/invitations lists those there are.",
        )
    if row["accepted_at"] is not None:
        raise ConflictError(
            "The invitation has been accepted.",
            next_step="Remove the member with DELETE /v1/members/{id}.",
        )
    if row["revoked_at"] is None:
        row = rows.execute(queries.REVOKE, {"now": now, "id": invitation_id}).fetchone()
        assert row is not None
        record(rows, scope, "invitation.revoked", invitation_id, email=row["email"])
    return invitation_of(row, now)
