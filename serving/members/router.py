"""How are members managed? List, add, change role, remove; `/v1/invitations` asks by mail."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from core.errors import ConflictError, NotFoundError
from serving.auth.scope import MembersRead, MembersWrite
from serving.idempotency import Idempotent
from serving.members import actions, queries
from serving.members.schemas import Member, MemberRequest, RoleChange, member_of
from serving.pagination import Cursor, CursorText, Limit, Page, page_of
from serving.responses import problems
from serving.times import EARLIEST
from serving.words import Id

router = APIRouter(prefix="/v1/members", tags=["members"])

MemberId = Annotated[Id, Path(examples=["mem_7e9b3n6x4q0r2hz5k2m8w0c1t7"])]


@router.get("", summary="List members", operation_id="list_members")
def get_members(scope: MembersRead, limit: Limit = 100, cursor: CursorText = None) -> Page[Member]:
    """List the workspace's members, oldest first, those included who have not signed in yet."""
    after = Cursor(EARLIEST, ("",)) if cursor is None else Cursor.decode(cursor, names=1)
    values = {"after_at": after.moment, "after_id": after.name[0], "limit": limit + 1}
    with scope.transaction() as rows:
        found = rows.execute(queries.PAGE, values).fetchall()
    return page_of(found, limit, member_of, lambda row: Cursor(row["created_at"], (row["id"],)))


@router.post(
    "",
    summary="Add a member",
    operation_id="add_member",
    status_code=201,
    response_model=Member,
    responses=problems(ConflictError),
)
def post_member(scope: MembersWrite, request: MemberRequest, idempotency: Idempotent) -> Response:
    """Add a member by address, who belongs here from their next sign-in on; no mail is sent.

    Owners can only be added with `workspace:write`.
    """
    return idempotency.once(scope, lambda rows: actions.add(scope, rows, request), status=201)


@router.patch(
    "/{member_id}",
    summary="Change a member's role",
    operation_id="change_member_role",
    responses=problems(NotFoundError, ConflictError),
)
def patch_member(scope: MembersWrite, member_id: MemberId, request: RoleChange) -> Member:
    """Give a member another role; 409 if the workspace would be left without an owner."""
    with scope.transaction() as rows:
        return actions.change_role(scope, rows, member_id, request.role)


@router.delete(
    "/{member_id}",
    summary="Remove a member",
    operation_id="remove_member",
    responses=problems(NotFoundError, ConflictError),
)
def delete_member(scope: MembersWrite, member_id: MemberId) -> Member:
    """Remove a member; 409 if the workspace would be left without an owner."""
    with scope.transaction() as rows:
        return actions.remove(scope, rows, member_id)
