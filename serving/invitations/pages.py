"""What does a person see who opens an invitation's link? Who asks them, and one button.

The link's token moves into a cookie at once, so that it stays in no address bar; it is there still
after the person has signed in.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from core.clock import utc_now
from core.errors import ForbiddenError, NotFoundError
from core.tenancy import TenantId, new_id
from serving.audit_log.entries import record_by_member
from serving.auth.cookies import forget_cookie, set_cookie
from serving.invitations import queries
from serving.invitations.links import held_invitation
from serving.web.pages import PageRoute, go, page
from serving.web.visits import AnyVisit, SignedIn, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

COOKIE_SECONDS = 3600
OPENINGS = (("invitation", 60, 60),)


class InvitationOverError(NotFoundError):
    """The link opens nothing (any more)."""

    title = "This invitation is over"

    def __init__(self) -> None:
        super().__init__(
            "The link was used, has expired or was withdrawn.",
            next_step="Ask whoever invited you for another.",
        )


@router.get("/invitation")
def get_invitation(visit: AnyVisit, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Show who invites whom."""
    visit.limit(*OPENINGS)
    if token:
        response: Response = go("/invitation")
        set_cookie(response, visit.settings, "invitation", token, seconds=COOKIE_SECONDS)
        return response
    invitation = _held(visit)
    email = _own_email(visit)
    return page(
        visit, "invitation.html", invitation=invitation, email=email,
        is_addressee=email == invitation["email"], has_issuer=visit.settings.oidc_issuer != "",
    )  # fmt: skip


@router.post("/invitation")
def post_invitation(visit: AnyVisit, session: SignedIn) -> Response:
    """Make the signed-in person a member, if the invitation is theirs."""
    visit.limit(*OPENINGS)
    invitation = _held(visit)
    if _own_email(visit) != invitation["email"]:
        raise ForbiddenError(
            "The invitation is for another address.",
            next_step=f"Sign in as {invitation['email']}.",
        )
    tenant = TenantId(invitation["workspace_id"])
    values = {
        "id": invitation["id"], "workspace_id": str(tenant), "member_id": new_id("mem"),
        "email": invitation["email"], "name": "", "role": invitation["role"],
        "user_id": session.user_id, "now": utc_now(),
    }  # fmt: skip
    with visit.database.tenant(tenant) as rows:
        if rows.execute(queries.ACCEPT, values).rowcount == 0:
            raise InvitationOverError
        member = rows.execute(queries.JOIN, values).fetchone()
        assert member is not None
        record_by_member(
            rows, tenant, member, "invitation.accepted", invitation["id"],
            request_id=visit.exchange.request_id, role=member["role"],
        )  # fmt: skip
    response = go(f"/workspaces/{tenant}")
    forget_cookie(response, visit.settings, "invitation")
    return response


def _held(visit: Visit) -> dict[str, Any]:
    invitation = held_invitation(visit)
    if invitation is None:
        raise InvitationOverError
    return invitation


def _own_email(visit: Visit) -> str:
    if visit.session is None:
        return ""
    with visit.database.person(user_id=visit.session.user_id) as rows:
        row = rows.execute("select email from users where id = %s", [visit.session.user_id])
        return str(row.fetchone()["email"])  # type: ignore[index]
