"""How are people invited? Create (by mail), list, revoke; accepting is a page (`pages.py`)."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.clock import utc_now
from core.errors import ConflictError, NotFoundError
from core.mail import MailNotSentError
from serving.auth.scope import MembersRead, MembersWrite
from serving.idempotency import Idempotent
from serving.invitations import actions, queries
from serving.invitations.schemas import Invitation, InvitationRequest, invitation_of
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.times import LATEST
from serving.words import Id

router = APIRouter(prefix="/v1/invitations", tags=["invitations"])

InvitationId = Annotated[Id, Path(examples=["inv_7e9b3n6x4q0r2hz5k2m8w0c1t"])]


@router.get("", summary="List invitations", operation_id="list_invitations")
def get_invitations(
    scope: MembersRead, limit: Limit = 100, cursor: CursorText = None
) -> Page[Invitation]:
    """List invitations, newest first, whatever became of them."""
    now = utc_now()
    after = Cursor(LATEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {"after_at": after.moment, "after_id": after.name[0], "limit": limit + 1}
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(
        found, limit, lambda row: invitation_of(row, now),
        lambda row: Cursor(row["created_at"], (row["id"],)),
    )  # fmt: skip


@router.post(
    "",
    summary="Invite a person",
    operation_id="invite_person",
    status_code=201,
    response_model=Invitation,
    responses=problems(ConflictError, MailNotSentError),
)
def post_invitation(
    scope: MembersWrite, request: InvitationRequest, idempotency: Idempotent
) -> Response:
    """Mail a link that works once, for seven days, for whoever signs in with the address.

    Inviting the address again ends the link before. Owners can only be invited with
    `workspace:write`.
    """
    return idempotency.once(scope, lambda rows: actions.invite(scope, rows, request), status=201)


@router.delete(
    "/{invitation_id}",
    summary="Revoke an invitation",
    operation_id="revoke_invitation",
    responses=problems(NotFoundError, ConflictError),
)
def delete_invitation(scope: MembersWrite, invitation_id: InvitationId) -> Invitation:
    """End the link at once; 409 if it has been accepted."""
    with scope.transaction() as rows:
        return actions.revoke(scope, rows, invitation_id)
